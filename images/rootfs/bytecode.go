// Package rootfs changes the tree of a root file system before it is packed into an image: who may run what, as whom, and what
// is fixed for ever. It knows no image.
package rootfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// FreezeBytecode marks Python's compiled files as belonging to their sources whatever the time stamps say (PEP 552,
// unchecked hashes). In the image every file has the same time, and Python would otherwise compile everything again at
// each start.
func FreezeBytecode(root *os.Root) error {
	return fs.WalkDir(root.FS(), "usr/lib", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() || !strings.HasSuffix(name, ".pyc") {
			return nil
		}
		f, err := root.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(freezePyc(f), f.Close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

// freezePyc rewrites the twelve bytes behind a .pyc file's magic number: flags "hash-based, unchecked", and a hash that
// nobody compares.
func freezePyc(f interface {
	io.ReaderAt
	io.WriterAt
},
) error {
	head := make([]byte, 16)
	if _, err := f.ReadAt(head, 0); err != nil {
		return fmt.Errorf("read a .pyc file: %w", err)
	}
	if head[2] != '\r' || head[3] != '\n' {
		return errors.New("a .pyc file without Python's magic number")
	}
	_, err := f.WriteAt([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 4)
	return err
}
