//go:build bench

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/internal/run"
	"holm/storage/volumes"
)

// place is where the volumes of a backend lie.
type place struct {
	name    string // "reflink on xfs"
	dir     string // of its files, also of the host's; "" for logical volumes
	own     bool   // its file system is the benchmark's own, and shares blocks
	backend volumes.Backend
}

// loops are the file systems that the benchmark makes, each in a file of its own.
var loops = []string{"xfs", "btrfs"}

// loopBytes is how large they are; the file holds only what is in them.
const loopBytes = 120 << 30

// here is a folder on the file system of the benchmark's own, and what kind that is of.
func (l *lab) here() (dir, fsType string, err error) {
	dir = filepath.Join(l.state, "here")
	if err := os.MkdirAll(dir, 0o711); err != nil { //nolint:gosec // QEMU's user passes through it
		return "", "", err
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "", "", err
	}
	for magic, name := range map[int64]string{unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs"} {
		if s.Type == magic {
			return dir, name, nil
		}
	}
	return dir, fmt.Sprintf("%x", s.Type), nil
}

// onLoop makes a file system and mounts it; what is deleted there is given back to the file.
func (l *lab) onLoop(ctx context.Context, fsType string) (mnt string, err error) {
	file, mnt := l.loopFile(fsType), l.loopMount(fsType)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return "", err
	}
	if err := os.Truncate(file, loopBytes); err != nil {
		return "", err
	}
	if err := os.Mkdir(mnt, 0o711); err != nil { //nolint:gosec // QEMU's user passes through it
		return "", err
	}
	if _, err := run.Command(ctx, "mkfs."+fsType, "-q", file); err != nil {
		return "", err
	}
	// Without the page cache of the file below, or memory would be measured where drives are meant.
	device, err := run.Command(ctx, "losetup", "--find", "--show", "--direct-io=on", file)
	if err != nil {
		return "", err
	}
	node := strings.TrimSpace(string(device))
	_, err = run.Command(ctx, "mount", "-t", fsType, "-o", "discard", node, mnt)
	// From the mount on it goes by itself, with the mount.
	if _, detachErr := run.Command(context.WithoutCancel(ctx), "losetup", "--detach", node); err != nil || detachErr != nil {
		return "", errors.Join(err, detachErr)
	}
	return mnt, os.Chmod(mnt, 0o711) //nolint:gosec // see above
}

func (l *lab) loopFile(fsType string) string  { return filepath.Join(l.state, "loop."+fsType) }
func (l *lab) loopMount(fsType string) string { return filepath.Join(l.state, "on-"+fsType) }

// dropLoops unmounts the file systems and deletes their files. None is no error.
func (l *lab) dropLoops() error {
	var failed []error
	for _, fsType := range loops {
		err := syscall.Unmount(l.loopMount(fsType), 0)
		if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, fmt.Errorf("unmount %s: %w", l.loopMount(fsType), err))
			continue
		}
		failed = append(failed, os.RemoveAll(l.loopMount(fsType)), os.RemoveAll(l.loopFile(fsType)))
	}
	return errors.Join(failed...)
}

// open gets a backend ready in a folder of a file system.
func open(ctx context.Context, kind, fsType, mnt string) (place, error) {
	dir := filepath.Join(mnt, "holm-"+kind)
	b, err := volumes.Open(kind, dir)
	if err != nil {
		return place{}, err
	}
	return place{name: kind + " on " + fsType, dir: dir, backend: b}, b.Prepare(ctx)
}

// thin is the thin pool that whoever runs the benchmark names; false, and it is said, when there is none.
func (l *lab) thin(ctx context.Context) (place, bool, error) {
	pool := os.Getenv("BENCH_THIN")
	if pool == "" {
		l.say("left out: lvm-thin, for BENCH_THIN=VG/POOL names no thin pool of LVM that may be written to")
		return place{}, false, nil
	}
	b, err := volumes.Open(volumes.LVMThin, pool)
	if err != nil {
		return place{}, false, err
	}
	return place{name: volumes.LVMThin, backend: b}, true, b.Prepare(ctx)
}

// free is how many bytes of a file system are free once everything is written.
func free(dir string) (float64, error) {
	f, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	if err := unix.Syncfs(int(f.Fd())); err != nil { // #nosec G115 -- a descriptor is small
		return 0, err
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return float64(s.Bfree) * float64(s.Bsize), nil
}
