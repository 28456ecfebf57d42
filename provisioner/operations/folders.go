package operations

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"holm/internal/fault"
	"holm/internal/trusted"
)

// passable folders can be passed through by everyone and listed by their owner alone: QEMU, which is not root, has to
// reach the files that libvirt gives it. private ones hold what nobody else has any business with.
const (
	Passable os.FileMode = 0o711
	private  os.FileMode = 0o700
)

// Prepare makes the folders of the state directory, the outer one first: each has its own mode. What somebody else could change is refused.
func (svc *Service) Prepare() error {
	for _, folder := range []struct {
		name string
		mode os.FileMode
	}{{"", Passable}, {"instances", Passable}, {"locks", private}, {"keys", private}} {
		dir := filepath.Join(svc.Dir, folder.name)
		if err := trusted.Dir(dir); err != nil {
			return err
		}
		if err := MakeDir(dir, folder.mode); err != nil {
			return fault.New(fault.Failure, "choose another place with --state, or run as root", "cannot make the state directory: %w", err)
		}
	}
	return nil
}

// MakeDir makes a folder, and its parents passable. Only what it makes gets its mode, and gets it whatever the umask
// is: a folder that QEMU cannot pass through keeps every guest from starting.
func MakeDir(path string, mode os.FileMode) error {
	err := os.Mkdir(path, mode)
	if errors.Is(err, fs.ErrNotExist) {
		if err := MakeDir(filepath.Dir(path), Passable); err != nil {
			return err
		}
		err = os.Mkdir(path, mode)
	}
	if errors.Is(err, fs.ErrExist) {
		return isDir(path)
	}
	if err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

func isDir(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	}
	return err
}

// RemoveFile deletes a file; no error when it is not there.
func RemoveFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
