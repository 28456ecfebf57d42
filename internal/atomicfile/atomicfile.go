// Package atomicfile replaces files as a whole: after a crash, a full disk or a failing writer the old content is
// there, or the new one, never a part of it. What it returns from is durable.
package atomicfile

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Write gives path the content that the callback writes, and exactly the permissions mode, whatever the umask is.
// It writes a file beside it (".<base>.tmp-<random>"), syncs it, renames it over path and syncs the directory.
// On an error before the rename the old file is untouched and the temporary one is removed; a process that is killed
// leaves the temporary file. A symbolic link at path is replaced, not followed. The directory must exist.
func Write(path string, mode os.FileMode, write func(io.Writer) error) error {
	return place(path, mode, write, os.Rename)
}

// Create is Write for a file that must not be there yet: what is at path stays, and is an error that wraps fs.ErrExist. No part of
// the new file has the name, whatever happens.
func Create(path string, mode os.FileMode, write func(io.Writer) error) error {
	if _, err := os.Lstat(path); err == nil { // before anything is written
		return fmt.Errorf("write %s: %w", path, fs.ErrExist)
	}
	return place(path, mode, write, moveNew)
}

// moveNew gives a file its name, unless there is one of that name.
func moveNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // a file system that cannot do this, as NFS
		if err = os.Link(from, to); err == nil {
			err = os.Remove(from)
		}
	}
	return err
}

func place(path string, mode os.FileMode, write func(io.Writer) error, move func(from, to string) error) (err error) {
	dir, base := filepath.Split(filepath.Clean(path))
	f, err := os.CreateTemp(filepath.Clean(dir), "."+base+".tmp-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			// Closing twice is harmless, and the first error is the one that tells the reason.
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	// Only a complete file gets the mode that others may read it by; CreateTemp began with 0600.
	if err = f.Chmod(mode.Perm()); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = move(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// WriteBytes is Write for content that is in memory already.
func WriteBytes(path string, mode os.FileMode, content []byte) error {
	return Write(path, mode, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(content))
		return err
	})
}

// WriteIn is WriteBytes for a name in a folder that is held open: whatever becomes of the folder's own name, the file lies in
// that very folder.
func WriteIn(dir *os.Root, name string, mode os.FileMode, content []byte) (err error) {
	temporary := "." + name + ".tmp-" + rand.Text()
	f, err := dir.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = dir.Remove(temporary)
			err = fmt.Errorf("write %s: %w", name, err)
		}
	}()
	if _, err = f.Write(content); err != nil {
		return err
	}
	if err = errors.Join(f.Chmod(mode.Perm()), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = dir.Rename(temporary, name); err != nil {
		return err
	}
	return syncIn(dir)
}

func syncIn(dir *os.Root) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	return syncOpen(d)
}

// SyncDir makes the names in a directory durable: files made, renamed or removed in it before the call.
func SyncDir(path string) error {
	d, err := os.Open(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	if err := syncOpen(d); err != nil {
		return fmt.Errorf("sync directory %s: %w", path, err)
	}
	return nil
}

// syncOpen syncs a directory, and closes it.
func syncOpen(d *os.File) error {
	err := d.Sync()
	// Some network and FUSE file systems cannot sync a directory and say so; there is nothing more to be had there.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
