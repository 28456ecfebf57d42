package records

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"holm/internal/fault"
)

// Errors about the file itself, wrapped in a fault that names it.
var (
	// ErrDamaged means that the file is not a database of holm, or no longer a whole one.
	ErrDamaged = errors.New("is not an intact database of holm")
	// ErrNewer means that a newer version of holm wrote the file.
	ErrNewer = errors.New("was written by a newer version of holm")
)

// explain says for a person what the operating system or bbolt said. The errors of callbacks do not come by here.
func (b *Bolt) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0:
		return denied(filepath.Dir(b.path), err)
	case errors.Is(err, syscall.ENOTDIR):
		return fault.New(fault.Failure, "choose another place with --state, or run as root",
			"%s cannot be the state directory: %w", filepath.Dir(b.path), err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.New(fault.DiskFull,
			"free some space: holm rm NAME, or holm image ls and holm image rm DIGEST      or keep it elsewhere: --state DIR",
			"no space left in %s: %w", filepath.Dir(b.path), err)
	}
	return fmt.Errorf("database %s: %w", b.path, err)
}

func denied(dir string, err error) error {
	f := fault.New(fault.PermissionDenied, "run: sudo holm …      or keep your own: HOLM_STATE=~/.local/share/holm holm …",
		"%s is readable by root only", dir)
	f.Cause = err
	return f
}

func (b *Bolt) damaged(why error) error {
	f := fault.New(fault.DatabaseDamaged,
		fmt.Sprintf("put a backup in its place, or begin anew: mv %[1]s %[1]s.damaged", b.path),
		"%s %v: %v", fault.Path(b.path), ErrDamaged, why)
	f.Cause = errors.Join(ErrDamaged, why)
	return f
}

func (b *Bolt) newer(version int) error {
	return fault.New(fault.DatabaseNewer, "upgrade holm on this machine",
		"%s %w (schema %d, this one knows %d)", fault.Path(b.path), ErrNewer, version, schema)
}

func (b *Bolt) unreadable(what string, err error) error {
	return b.damaged(fmt.Errorf("%s cannot be read: %w", what, err))
}
