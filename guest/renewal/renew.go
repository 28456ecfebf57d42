package renewal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holm/internal/atomicfile"
)

// Suffix is what the new image's version of a file is called beside the instance's own.
const Suffix = ".holm-new"

// Conflict is something that holm does not decide.
type Conflict struct {
	Path   string `json:"path"`             // absolute, inside the instance
	Why    string `json:"why"`              // one sentence
	Beside string `json:"beside,omitempty"` // where the version is that was not taken
}

// Place is where the layers of an instance's /etc lie.
type Place struct {
	Lower  string   // the image's /etc
	Upper  string   // what was written over it
	Others []string // upper layers of other folders, whose files follow an account whose number changes
	Known  string   // where the description of the /etc of the last boot's image is kept
}

// Renew brings the image's /etc to an instance, if it is another one than at the last boot; image is the content of its
// ManifestFile. It returns what its owner has to look at, and whether the image is new. Cut short it can be called again.
func Renew(image []byte, p Place) (conflicts []Conflict, renewed bool, err error) {
	known, err := read(p.Known)
	switch {
	case err == nil && bytes.Equal(known, image):
		return nil, false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, false, err
	}
	theirs, err := decode(image)
	if err != nil {
		return nil, false, err
	}
	m := merger{Place: p, theirs: theirs}
	if known != nil {
		if m.base, err = decode(known); err != nil {
			return nil, false, err
		}
	}
	if err := m.accounts(); err != nil {
		return nil, false, err
	}
	if _, err := m.folder("."); err != nil {
		return nil, false, err
	}
	if err := os.MkdirAll(filepath.Dir(p.Known), 0o700); err != nil {
		return nil, false, err
	}
	return m.conflicts, true, atomicfile.WriteBytes(p.Known, 0o600, image)
}

// merger merges one /etc. base is nil when the old image is not known.
type merger struct {
	Place
	base, theirs Manifest
	conflicts    []Conflict
}

// own are files that each instance has of its own: an image that brings them has nothing to say.
var own = []string{
	".pwd.lock", ".updated", "adjtime", "environment", "group-", "gshadow-", "hostname", "hosts", "localtime", "machine-id",
	"passwd-", "resolv.conf", "shadow-", "subgid-", "subuid-", "timezone",
}

func (m *merger) conflict(name, beside, format string, args ...any) {
	if beside != "" {
		beside = filepath.Join("/etc", beside)
	}
	m.conflicts = append(m.conflicts, Conflict{Path: filepath.Join("/etc", name), Why: fmt.Sprintf(format, args...), Beside: beside})
}

// folder merges what lies in a folder of the upper layer, and tells whether nothing is left in it.
func (m *merger) folder(name string) (empty bool, err error) {
	dir := filepath.Join(m.Upper, name)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if err := m.entry(filepath.Join(name, e.Name())); err != nil {
			return false, err
		}
	}
	left, err := os.ReadDir(dir)
	return len(left) == 0, err
}

// entry merges one thing of the upper layer.
func (m *merger) entry(name string) error {
	_, table := tables[name]
	if table || slices.Contains(own, name) || strings.HasSuffix(name, Suffix) {
		return nil
	}
	path := filepath.Join(m.Upper, name)
	old, had := m.base[name]
	new, has := m.theirs[name]
	ours, err := describe(path, []int64{old.Size, new.Size})
	switch {
	case err != nil:
		return err
	case ours.Kind == Other:
		return nil // the owner's; a device with the number 0 is the overlay's mark of what the owner removed
	case ours.Kind == Dir:
		return m.dir(name, ours, old, new)
	case !had && !has:
		return nil
	case has && ours.sameContent(new):
		return m.drop(name, ours, old, new)
	case had && ours.sameContent(old):
		return m.drop(name, ours, old, new)
	case !has:
		if m.base != nil {
			m.conflict(name, "", "the image has it no more; it was changed here, and stays")
		}
		return nil
	case had && new.sameContent(old):
		return m.rights(name, ours, old, new)
	}
	return m.both(name, new)
}

// dir merges a folder. One that replaced the image's as a whole is the owner's with all that is in it.
func (m *merger) dir(name string, ours, old, new Entry) error {
	if opaque(filepath.Join(m.Upper, name)) {
		return nil
	}
	empty, err := m.folder(name)
	switch {
	case err != nil:
		return err
	case empty && old.Kind == Dir && new.Kind != Dir:
		return os.Remove(filepath.Join(m.Upper, name)) // it would hide what took its place
	case new.Kind != Dir && new.Kind != "":
		m.conflict(name, "", "it is a folder here and none in the image; it stays")
		return nil
	}
	return m.rights(name, ours, old, new)
}

// drop removes what was not changed here, so that the image's own is seen again. Where only the rights were changed, these
// stay and the content becomes the image's.
func (m *merger) drop(name string, ours, old, new Entry) error {
	path := filepath.Join(m.Upper, name)
	changed := old.Kind != "" && !ours.sameRights(old) && !ours.sameRights(new)
	if ours.Kind != File || new.Kind != File || !changed {
		return os.Remove(path)
	}
	return m.copy(name, path, ours)
}

// rights gives what stays the image's permissions, if they were not changed here.
func (m *merger) rights(name string, ours, old, new Entry) error {
	if old.Kind != ours.Kind || new.Kind != ours.Kind || ours.Kind == Link || !ours.sameRights(old) || new.sameRights(old) {
		return nil
	}
	path := filepath.Join(m.Upper, name)
	if err := os.Lchown(path, new.UID, new.GID); err != nil {
		return err
	}
	return os.Chmod(path, new.Mode)
}

// both keeps the instance's own and puts the image's beside it.
func (m *merger) both(name string, new Entry) error {
	beside := name + Suffix
	why := "both the instance and the image changed it; the instance's own stays"
	if m.base == nil {
		why = "it is another one in the image; the instance's own stays"
	}
	path := filepath.Join(m.Upper, beside)
	var err error
	switch new.Kind {
	case File:
		err = m.copy(name, path, new)
	case Link:
		if err = os.Remove(path); err == nil || errors.Is(err, fs.ErrNotExist) {
			err = os.Symlink(new.Sum, path)
		}
	default:
		beside = ""
	}
	m.conflict(name, beside, "%s", why)
	return err
}

// copy copies a file of the image into the upper layer, with somebody's rights.
func (m *merger) copy(name, to string, rights Entry) error {
	content, err := read(filepath.Join(m.Lower, name))
	if err != nil {
		return err
	}
	return replace(to, content, rights)
}

// replace puts a file into the place of what is there, at once.
func replace(path string, content []byte, rights Entry) error {
	fresh := path + ".holm-fresh"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	// The owner first: a change of it takes bits from the mode.
	if err := errors.Join(err, f.Chown(rights.UID, rights.GID), f.Chmod(rights.Mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// EncodeConflicts writes a list of conflicts for people and programs.
func EncodeConflicts(conflicts []Conflict) ([]byte, error) {
	if conflicts == nil {
		conflicts = []Conflict{}
	}
	text, err := json.MarshalIndent(conflicts, "", "  ")
	return append(text, '\n'), err
}
