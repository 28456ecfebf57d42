package volumes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/internal/fault"
)

// errNoSharing means that the file system cannot let two files share their blocks.
var errNoSharing = errors.New("its file system cannot share blocks between files")

// share makes file the same as origin, with the same blocks: ioctl_ficlone(2).
func share(file, origin *os.File) error {
	err := unix.IoctlFileClone(int(file.Fd()), int(origin.Fd())) // #nosec G115 -- a descriptor is small
	switch {
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EINVAL), errors.Is(err, unix.EXDEV):
		return fmt.Errorf("clone %s: %w", origin.Name(), errNoSharing)
	case err != nil:
		return fmt.Errorf("clone %s: %w", origin.Name(), err)
	}
	return nil
}

// shareOrCopy copies where it cannot share.
func shareOrCopy(ctx context.Context, file, origin *os.File) error {
	err := share(file, origin)
	if errors.Is(err, errNoSharing) {
		return copySparse(ctx, file, origin)
	}
	return err
}

// copySparse copies what is allocated and leaves holes where there are holes, in pieces, so that it can be interrupted.
func copySparse(ctx context.Context, file, origin *os.File) error {
	const piece = 64 << 20
	size, err := origin.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	for at := int64(0); at < size; {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		begin, err := origin.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, syscall.ENXIO) {
			break // nothing but a hole to the end
		}
		if err != nil {
			return err
		}
		end, err := origin.Seek(begin, unix.SEEK_HOLE)
		if err != nil {
			return err
		}
		at = min(end, begin+piece)
		if _, err := origin.Seek(begin, io.SeekStart); err != nil {
			return err
		}
		if _, err := file.Seek(begin, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.CopyN(file, origin, at-begin); err != nil {
			return err
		}
	}
	return file.Truncate(size)
}

// proveShare clones a file of one block.
func proveShare(_ context.Context, root *os.Root) (err error) {
	const one, two, block = ".probe-1", ".probe-2", 4096
	remove := func(name string) error {
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := errors.Join(remove(one), remove(two)); err != nil { // of a probe that was killed
		return err
	}
	defer func() { err = errors.Join(err, remove(one), remove(two)) }()
	origin, err := root.OpenFile(one, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("try to share blocks: %w", err)
	}
	defer func() { _ = origin.Close() }()
	if _, err := origin.Write(make([]byte, block)); err != nil {
		return fmt.Errorf("try to share blocks: %w", err)
	}
	file, err := root.OpenFile(two, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("try to share blocks: %w", err)
	}
	defer func() { _ = file.Close() }()
	err = share(file, origin)
	if errors.Is(err, errNoSharing) {
		return unshared(root.Name())
	}
	return err
}

func unshared(dir string) error {
	kind := "its file system"
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) == nil {
		kind = fileSystem(s.Type)
	}
	remedy := "use a file system that does (mkfs.xfs -m reflink=1, or btrfs), or --backend qcow2"
	return fault.New(fault.Unfit, remedy, "%s is on %s, which cannot share blocks between files", dir, kind)
}

func fileSystem(magic int64) string {
	switch magic {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4"
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	case unix.XFS_SUPER_MAGIC:
		return "an XFS made without reflink"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs"
	default:
		return fmt.Sprintf("a file system of type 0x%x", magic)
	}
}
