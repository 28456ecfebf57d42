package images

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"holm/images/rootfs"
	"holm/internal/atomicfile"
	"holm/internal/fault"
)

// Remove deletes an image. usedBy are the instances that boot from it; with any of them it refuses.
func (s *Store) Remove(digest string, usedBy []string) error {
	if len(usedBy) > 0 {
		return fault.New(fault.ImageInUse, "remove them first: holm rm "+strings.Join(usedBy, " "),
			"image %s is in use by %s", fault.Image(ShortDigest(digest)), strings.Join(usedBy, ", ")).With(fault.Holders(usedBy...))
	}
	if !digestForm.MatchString(digest) {
		return noImage(digest)
	}
	// Out of the store in one step, so that nobody ever finds half an image.
	dir, doomed := s.imageDir(digest), filepath.Join(s.dir, scratchPrefix+"rm-"+rand.Text())
	switch err := os.Rename(dir, doomed); {
	case errors.Is(err, fs.ErrNotExist):
		return noImage(digest)
	case err != nil:
		return fmt.Errorf("remove image %s: %w", ShortDigest(digest), err)
	}
	// The power must not fail between this and the first file that is deleted and bring half an image back.
	if err := atomicfile.SyncDir(filepath.Dir(dir)); err != nil {
		return err
	}
	return os.RemoveAll(doomed)
}

// sweep removes what builds and removals that were killed have left. The caller holds the build lock.
func (s *Store) sweep() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("clean up after an earlier build: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), scratchPrefix) {
			continue
		}
		doomed := filepath.Join(s.dir, e.Name())
		if err := rootfs.UnmountBelow(doomed); err != nil {
			return fmt.Errorf("clean up after an earlier build: %w", err)
		}
		if err := os.RemoveAll(doomed); err != nil {
			return fmt.Errorf("clean up after an earlier build: %w", err)
		}
	}
	return nil
}
