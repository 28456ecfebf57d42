package renewal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// ManifestFile is where an image says what its /etc is like, for root alone: it repeats the files of accounts.
const ManifestFile = "/usr/lib/holm/etc.json"

// maxManifest is the longest manifest that is read, in bytes. That of Debian's own /etc has a tenth of it.
const maxManifest = 4 << 20

// Kind is what something in a folder is.
type Kind string

// The kinds. What is none of the first three is never made by an image.
const (
	File  Kind = "file"
	Link  Kind = "link"
	Dir   Kind = "dir"
	Other Kind = "other"
)

// Entry is one thing below /etc.
type Entry struct {
	Kind Kind        `json:"kind"`
	Mode fs.FileMode `json:"mode,omitempty"` // permissions; 0 of a link
	UID  int         `json:"uid,omitempty"`
	GID  int         `json:"gid,omitempty"`
	Size int64       `json:"size,omitempty"` // of a file
	Sum  string      `json:"sum,omitempty"`  // of a file its SHA-256, of a link its target
	Text string      `json:"text,omitempty"` // of a file of accounts all that it says
}

// Manifest is what an image's /etc is like, by path below it.
type Manifest map[string]Entry

// sameContent tells whether two things differ in their permissions at most.
func (e Entry) sameContent(other Entry) bool {
	return e.Kind == other.Kind && e.Size == other.Size && e.Sum == other.Sum
}

func (e Entry) sameRights(other Entry) bool {
	return e.Mode == other.Mode && e.UID == other.UID && e.GID == other.GID
}

// Scan describes a folder.
func Scan(dir string) (Manifest, error) {
	m := Manifest{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if m[name], err = describe(path, nil); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", dir, err)
	}
	for name := range tables {
		e, ok := m[name]
		if !ok || e.Kind != File {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		e.Text = string(text)
		m[name] = e
	}
	return m, nil
}

// describe describes one thing. Where sizes are given, the content of a file of another size is not read: it can be any
// length, and is known to be different.
func describe(path string, sizes []int64) (Entry, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return Entry{}, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Entry{}, errors.New("this system does not tell owners")
	}
	e := Entry{Kind: kindOf(info.Mode()), UID: int(stat.Uid), GID: int(stat.Gid)}
	if e.Kind != Link {
		e.Mode = info.Mode() &^ fs.ModeType
	}
	switch e.Kind {
	case Link:
		e.Sum, err = os.Readlink(path)
	case File:
		e.Size = info.Size()
		if worth(e.Size, sizes) {
			e.Sum, err = sum(path)
		}
	}
	return e, err
}

func worth(size int64, sizes []int64) bool {
	return sizes == nil || slices.Contains(sizes, size)
}

func kindOf(mode fs.FileMode) Kind {
	switch mode.Type() {
	case 0:
		return File
	case fs.ModeSymlink:
		return Link
	case fs.ModeDir:
		return Dir
	default:
		return Other
	}
}

func sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Encode writes a manifest; equal ones give equal bytes.
func (m Manifest) Encode() ([]byte, error) {
	text, err := json.Marshal(m)
	return append(text, '\n'), err
}

// read reads a file of at most maxManifest bytes.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(content) > maxManifest {
		err = fmt.Errorf("%s is longer than %d MiB", path, maxManifest>>20)
	}
	return content, err
}

func decode(content []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(content, &m); err != nil {
		return nil, fmt.Errorf("read the description of an /etc: %w", err)
	}
	return m, nil
}
