package records

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// readLong runs fn on a copy of the file, for what takes longer than writers may be kept waiting: they wait for as long as the
// copy takes. It has no name, so that nothing of it is left, whatever becomes of the process. Where there is no room for a copy, fn
// reads the file itself, and writers, who have no room either, wait. So fn must not call the store.
func (b *Bolt) readLong(ctx context.Context, fn func(*bolt.Tx) error) error {
	var copied *os.File
	full := false
	defer func() {
		if copied != nil {
			_ = copied.Close()
		}
	}()
	err := b.read(ctx, func(tx *bolt.Tx) (err error) {
		if copied, err = nameless(filepath.Dir(b.path)); err != nil {
			return b.explain(err)
		}
		into := &telling{w: copied}
		if _, err = tx.WriteTo(into); isFull(into.err) {
			full = true
			return nil
		}
		if err != nil {
			return b.explain(err)
		}
		return nil
	})
	if full {
		return b.read(ctx, fn)
	}
	if err != nil || copied == nil { // there is no file yet
		return err
	}
	looked := Open(b.path)
	looked.copied, looked.patience = copied, b.patience
	return looked.read(ctx, fn)
}

// telling remembers why it could not write: bbolt passes on the words of an error alone.
type telling struct {
	w   io.Writer
	err error
}

func (t *telling) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	if err != nil {
		t.err = err
	}
	return n, err
}

// nameless makes a file that nobody else can open, and that is gone once it is closed.
func nameless(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), filepath.Join(dir, "copy")), nil
	}
	f, failed := os.CreateTemp(dir, ".copy-*") // a file system that makes no file without a name
	if failed != nil {
		return nil, errors.Join(err, failed)
	}
	return f, os.Remove(f.Name())
}

// again is a descriptor of the copy's own, which bbolt may close.
func again(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "dup", Path: f.Name(), Err: err}
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
