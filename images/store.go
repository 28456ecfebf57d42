package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
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
			continue // not published: a name that only a person can have put there
		}
		m, err := s.read("sha256:" + e.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Manifest) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return s.published(b).Compare(s.published(a))
	})
	return all, nil
}

func (s *Store) read(digest string) (Manifest, error) {
	content, err := os.ReadFile(filepath.Join(s.imageDir(digest), manifestFile))
	if err != nil {
		return Manifest{}, fmt.Errorf("read the manifest of %s: %w", ShortDigest(digest), err)
	}
	m, err := decode(content, digest)
	if err != nil {
		return Manifest{}, fault.New(fault.CheckFailed, "remove it and build it again: holm image rm "+ShortDigest(digest), "%w", err)
	}
	return m, nil
}

// Get finds an image by digest, by a part of its digest from the start (8 digits at least, "sha256:" may be left
// out), or by name: then it is the newest of that name.
func (s *Store) Get(ref string) (Manifest, error) {
	if digestForm.MatchString(ref) {
		if _, err := os.Stat(s.imageDir(ref)); err == nil {
			return s.read(ref)
		}
	}
	all, err := s.List()
	if err != nil {
		return Manifest{}, err
	}
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
		return Manifest{}, fault.New(fault.NotFound, "build it: holm image build      see what there is: holm image ls", "there is no image %q", ref)
	default:
		return Manifest{}, fault.New(fault.Usage, "give more digits", "%d images begin with %q", len(found), ref)
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

// Verify reads every byte of the image and compares digests.
func (s *Store) Verify(ctx context.Context, digest string, progress func(done, total int64)) error {
	m, err := s.read(digest)
	if err != nil {
		return err
	}
	var done int64
	for _, f := range m.Files() {
		sum, size, err := s.sum(ctx, s.Path(m, f), func(n int64) {
			done += n
			if progress != nil {
				progress(done, m.Bytes())
			}
		})
		if err != nil {
			return fmt.Errorf("verify image %s: %w", m.Short(), err)
		}
		if sum != f.SHA256 || size != f.Size {
			return fault.New(fault.CheckFailed, "remove it and build it again: holm image rm "+m.Short(),
				"image %s is damaged: %s has the digest %s…, the manifest says %s…", m.Short(), f.Name, sum[:12], f.SHA256[:12])
		}
	}
	return nil
}

func (s *Store) sum(ctx context.Context, path string, read func(n int64)) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", 0, err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		size += int64(n)
		read(int64(n))
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(h.Sum(nil)), size, nil
		}
		if err != nil {
			return "", 0, err
		}
	}
}

// Remove deletes an image. usedBy are the instances that boot from it; with any of them it refuses.
func (s *Store) Remove(digest string, usedBy []string) error {
	if len(usedBy) > 0 {
		return fault.New(fault.Busy, "remove them first: holm rm "+strings.Join(usedBy, " "),
			"image %s is in use by %s", ShortDigest(digest), strings.Join(usedBy, ", "))
	}
	dir := s.imageDir(digest)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "see what there is: holm image ls", "there is no image %q", ShortDigest(digest))
	}
	// Out of the store in one step, so that nobody ever finds half an image.
	doomed := filepath.Join(s.dir, scratchPrefix+"rm-"+filepath.Base(dir))
	if err := os.Rename(dir, doomed); err != nil {
		return fmt.Errorf("remove image %s: %w", ShortDigest(digest), err)
	}
	return os.RemoveAll(doomed)
}
