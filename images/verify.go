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

	"holm/internal/fault"
)

// Verify reads every byte of the image and compares digests. progress is told how many bytes have been Read of how
// many; nil is nobody.
func (s *Store) Verify(ctx context.Context, digest string, progress func(done, total int64)) error {
	m, err := s.read(digest)
	if err != nil {
		return err
	}
	damaged := func(format string, args ...any) error {
		return fault.New(fault.ImageDamaged,
			"remove it and build it again: holm image rm "+m.Short()+"      or, while it is in use: holm image build --force",
			"image %s is damaged: %w", fault.Image(m.Short()), fmt.Errorf(format, args...))
	}
	var done int64
	for _, f := range m.Files() {
		sum, size, err := sumFile(ctx, s.Path(m, f), func(n int64) {
			done += n
			if progress != nil {
				progress(done, m.Bytes())
			}
		})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return damaged("it has no %s", f.Name)
		case err != nil:
			return fmt.Errorf("verify image %s: %w", m.Short(), err)
		case size != f.Size:
			return damaged("%s has %d bytes, the manifest says %d", f.Name, size, f.Size)
		case sum != f.SHA256:
			return damaged("%s has the digest %s…, the manifest says %s…", f.Name, sum[:12], f.SHA256[:12])
		}
	}
	return nil
}

// sumFile hashes a file. Read is told of each piece that has been Read, in bytes.
func sumFile(ctx context.Context, path string, read func(n int64)) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		if err := context.Cause(ctx); err != nil {
			return "", 0, err
		}
		n, err := f.Read(buf)
		_, _ = h.Write(buf[:n])
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
