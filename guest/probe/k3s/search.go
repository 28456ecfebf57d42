package k3s

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	searchMost  = 512 << 20 // bytes that are read at most
	searchBlock = 1 << 20
)

// search looks for texts in all plain files below a folder, and tells for each whether it is there. Files may go
// while it looks. With an error, what was found stands, and what was not may still be there.
func search(ctx context.Context, dir string, texts ...string) ([]bool, error) {
	s := &searcher{left: searchMost, found: make([]bool, len(texts)), block: make([]byte, searchBlock)}
	for _, t := range texts {
		s.texts = append(s.texts, []byte(t))
		s.overlap = max(s.overlap, len(t)-1)
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != dir:
			return nil
		case err != nil || ctx.Err() != nil:
			return errors.Join(err, ctx.Err())
		case !entry.Type().IsRegular():
			return nil
		}
		err = s.file(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return s.found, err
}

type searcher struct {
	texts   [][]byte
	found   []bool
	overlap int
	left    int64 // bytes that may still be read
	block   []byte
}

// file looks through one file. etcd lays out its log long before it writes it: holes are jumped over.
func (s *searcher) file(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for at := int64(0); ; {
		begin, end, err := k3sExtent(f, at)
		if err != nil || begin == end {
			return err
		}
		if err := s.extent(ctx, f, begin, end); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		at = end
	}
}

// k3sExtent finds the next part of the file that has data; begin and end are equal when there is none.
func k3sExtent(f *os.File, from int64) (begin, end int64, err error) {
	begin, err = unix.Seek(int(f.Fd()), from, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return from, from, nil
	case err != nil:
		return from, from, err
	}
	end, err = unix.Seek(int(f.Fd()), begin, unix.SEEK_HOLE)
	return begin, end, err
}

func (s *searcher) extent(ctx context.Context, f *os.File, begin, end int64) error {
	if s.left -= end - begin; s.left < 0 {
		return fmt.Errorf("the datastore has more than %d MiB: too much to look through", searchMost>>20)
	}
	kept := 0 // bytes of the block before, at the beginning of this one
	for at := begin; at < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.ReadAt(s.block[kept:min(int64(len(s.block)), int64(kept)+end-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n == 0 {
			return nil // it became shorter
		}
		have := s.block[:kept+n]
		for i, text := range s.texts {
			s.found[i] = s.found[i] || bytes.Contains(have, text)
		}
		at += int64(n)
		kept = copy(s.block, have[max(0, len(have)-s.overlap):])
	}
	return nil
}
