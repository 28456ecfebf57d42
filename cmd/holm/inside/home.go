package inside

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"holm/internal/fault"
)

// home is where the caller's programs keep their configuration. What holm writes there belongs to its owner, and lies in folders
// that are its owner's: a link, or what is somebody else's, would lead root to where its owner has no business.
type home struct {
	dir   string
	owner *owner // nil is this process's own user
}

func callersHome() (home, error) {
	dir, err := os.UserHomeDir()
	if err != nil {
		return home{}, fault.New(fault.Failure, "set HOME", "cannot tell where ~/.ssh is: %w", err)
	}
	o, err := ownerOf(dir)
	if err != nil {
		return home{}, fault.New(fault.Failure, "set HOME to a folder that is there", "there is no home: %w", err)
	}
	return home{dir, o}, nil
}

func (h home) sshDir() string { return filepath.Join(h.dir, ".ssh") }

func (h home) uid() int {
	if h.owner != nil {
		return h.owner.uid
	}
	return os.Geteuid()
}

// has refuses what does not belong to the home's owner, and links.
func (h home) has(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a link", path)
	case ok && int(stat.Uid) != h.uid():
		return fmt.Errorf("%s belongs to user %d, and not to %d", path, stat.Uid, h.uid())
	}
	return nil
}

// open opens the home itself, which may be reached over links: whoever set HOME has named it.
func (h home) open() (*os.Root, error) { return os.OpenRoot(h.dir) }

// folder opens a folder below another one, and makes it if it is missing.
func (h home) folder(in *os.Root, name string) (*os.Root, error) {
	if err := in.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	info, err := in.Lstat(name)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(in.Name(), name)
	if err := h.has(path, info); err != nil {
		return nil, err
	}
	dir, err := in.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	opened, err := dir.Stat(".")
	if err == nil && !os.SameFile(info, opened) {
		err = fmt.Errorf("%s was exchanged meanwhile", path)
	}
	if err != nil {
		_ = dir.Close()
		return nil, err
	}
	return dir, nil
}

// mayHave refuses a folder that a program is about to write into, unless it is missing or the home's owner's.
func (h home) mayHave(dir string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return h.has(dir, info)
}
