package images

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holm/internal/fault"
)

// Names of an image's files.
const (
	manifestFile = "manifest.json"
	kernelFile   = "vmlinuz"
	initrdFile   = "initrd"
	rootFile     = "root.img"
)

// Store is a folder of images: sha256/<digest>/. What is in it has been published whole.
type Store struct {
	dir string
}

// Open returns the store in that folder, which need not exist yet.
func Open(dir string) *Store { return &Store{dir: dir} }

func (s *Store) imageDir(digest string) string {
	return filepath.Join(s.dir, "sha256", strings.TrimPrefix(digest, "sha256:"))
}

// Path is where a file of the image lies.
func (s *Store) Path(m Manifest, f File) string { return filepath.Join(s.imageDir(m.Digest), f.Name) }

// List returns all images, by name and then newest first. An image whose manifest is damaged is an error.
func (s *Store) List() ([]Manifest, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "sha256"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the image store: %w", err)
	}
	var all []Manifest
	for _, e := range entries {
		if !sumForm.MatchString(e.Name()) {
			continue // not published: a name that only a person can have Put there
		}
		m, err := s.read("sha256:" + e.Name())
		if fault.KindOf(err) == fault.NotFound {
			continue // removed since the folder was Read
		}
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Manifest) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), s.published(b).Compare(s.published(a)), strings.Compare(a.Digest, b.Digest))
	})
	return all, nil
}

func (s *Store) read(digest string) (Manifest, error) {
	if !digestForm.MatchString(digest) {
		return Manifest{}, noImage(digest)
	}
	dir := s.imageDir(digest)
	content, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(dir); errors.Is(statErr, fs.ErrNotExist) {
			return Manifest{}, noImage(digest)
		}
	} else if err != nil {
		return Manifest{}, fmt.Errorf("read the manifest of %s: %w", ShortDigest(digest), err)
	}
	var m Manifest
	if err == nil {
		m, err = decode(content, digest)
	}
	if err != nil {
		// Without its manifest "holm image rm" cannot say what it would remove.
		return Manifest{}, fault.New(fault.ImageDamaged, "remove it: rm -r "+dir,
			"image %s is damaged: %w", fault.Image(ShortDigest(digest)), err)
	}
	return m, nil
}

// Get finds an image by digest, by a part of its digest from the start (8 digits at least, "sha256:" may be left
// out), or by name: then it is the newest of that name.
func (s *Store) Get(ref string) (Manifest, error) {
	if digestForm.MatchString(ref) {
		return s.read(ref)
	}
	all, err := s.List()
	if err != nil {
		return Manifest{}, err
	}
	return pick(all, ref)
}

// pick returns the one that ref means of images in the order of List.
func pick(all []Manifest, ref string) (Manifest, error) {
	var found []Manifest
	for _, m := range all {
		if m.Name == ref {
			return m, nil
		}
		part := strings.TrimPrefix(ref, "sha256:")
		if len(part) >= 8 && strings.HasPrefix(strings.TrimPrefix(m.Digest, "sha256:"), part) {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Manifest{}, noImage(ref)
	default:
		return Manifest{}, fault.New(fault.ImageAmbiguous, "give more digits", "%d images begin with %q", len(found), fault.Image(ref))
	}
}

// ByInputs finds the image that a build with these inputs has made already.
func (s *Store) ByInputs(inputs string) (Manifest, bool, error) {
	all, err := s.List()
	if err != nil {
		return Manifest{}, false, err
	}
	i := slices.IndexFunc(all, func(m Manifest) bool { return m.Inputs == inputs })
	if i < 0 {
		return Manifest{}, false, nil
	}
	return all[i], true, nil
}

func noImage(ref string) error {
	const shown = 100
	if len(ref) > shown {
		ref = ref[:shown] + "…"
	}
	return fault.New(fault.ImageNotFound, "build it: holm image build      see what there is: holm image ls",
		"there is no image %q", fault.Image(ref))
}
