package images

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"holm/internal/atomicfile"
)

// scratchPrefix names folders of builds under way and of images being removed.
const scratchPrefix = ".holm-"

// prepare makes the store's folders. QEMU's own user passes through them to the files that it was given by name; it
// cannot list them.
func (s *Store) prepare() error {
	above := filepath.Dir(filepath.Dir(s.dir))
	if err := os.MkdirAll(above, 0o755); err != nil { //nolint:gosec // folders above holm's own, as mkdir -p makes them
		return fmt.Errorf("make the image store: %w", err)
	}
	for _, dir := range []string{filepath.Dir(s.dir), s.dir, filepath.Join(s.dir, "sha256")} {
		if err := makePassage(dir); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make the image store: %w", err)
		}
	}
	return nil
}

// makePassage makes a folder that all can pass and only its owner can list, whatever the umask is.
func makePassage(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o711) //nolint:gosec // QEMU's own user opens the files in it by their names
}

// publish moves a finished image to its place. Everything in it is on disk before it gets its name, so that an image
// that can be found is whole, whenever the power fails. An image of the same digest stays, unless it is damaged.
func (s *Store) publish(ctx context.Context, out string, m Manifest) (Manifest, error) {
	content, digest, err := m.encode()
	if err != nil {
		return Manifest{}, err
	}
	m.Digest = digest
	if err := atomicfile.WriteBytes(filepath.Join(out, manifestFile), 0o444, content); err != nil {
		return Manifest{}, err
	}
	if err := syncFile(filepath.Join(out, rootFile)); err != nil {
		return Manifest{}, err
	}
	if err := atomicfile.SyncDir(out); err != nil {
		return Manifest{}, err
	}
	target := s.imageDir(digest)
	if _, err := os.Stat(target); err == nil {
		if err := s.Verify(ctx, digest, nil); err == nil || ctx.Err() != nil {
			return m, context.Cause(ctx)
		}
		// Whoever boots from it has its files open and keeps them; the folder goes with the rest of the build's.
		if err := os.Rename(target, out+".damaged"); err != nil {
			return Manifest{}, fmt.Errorf("replace the damaged image: %w", err)
		}
	}
	if err := os.Rename(out, target); err != nil {
		return Manifest{}, fmt.Errorf("publish the image: %w", err)
	}
	return m, atomicfile.SyncDir(filepath.Dir(target))
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// published is when the image came into this store.
func (s *Store) published(m Manifest) time.Time {
	info, err := os.Stat(filepath.Join(s.imageDir(m.Digest), manifestFile))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
