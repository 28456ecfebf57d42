// Package growth makes the guest's ext4 as large as the disk that it lies on, while it is mounted. The kernel does all of
// it: the image needs no resize2fs. holm-init calls it at each boot, holm-agent when the host says that the disk has grown.
package growth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// resizeFS is EXT4_IOC_RESIZE_FS, _IOW('f', 16, __u64): how many blocks the file system is to have. Source: the kernel's
// fs/ext4/ext4.h.
const resizeFS = 0x40086610

// sector is the unit in which sysfs tells the size of a device, whatever that of the device is.
const sector = 512

// again is how often the size of the device is looked at. The kernel is told of it in its own time, and offers nothing
// to wait for that is not more work than this.
const again = 50 * time.Millisecond

// Sizes are of a file system, in bytes, without what it keeps for itself.
type Sizes struct{ Before, After uint64 }

// Grow makes the ext4 that is mounted at dir as large as its device; nothing happens when it is. It does not shrink. root
// is where /sys is, "" in an instance.
func Grow(root, dir string) (Sizes, error) {
	f, err := os.Open(dir)
	if err != nil {
		return Sizes{}, fmt.Errorf("grow the file system: %w", err)
	}
	defer func() { _ = f.Close() }()
	before, err := measure(f)
	if err != nil {
		return Sizes{}, err
	}
	device, err := deviceBytes(root, f)
	if err != nil {
		return Sizes{}, err
	}
	blocks := device / uint64(before.Bsize) // #nosec G115 -- a block size is positive
	// #nosec G103 -- the kernel reads the 8 bytes that it is given, and keeps no pointer
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), resizeFS, uintptr(unsafe.Pointer(&blocks))); errno != 0 {
		return Sizes{}, fmt.Errorf("grow the file system at %s to %d blocks: %w", dir, blocks, errno)
	}
	after, err := measure(f)
	return Sizes{Before: total(before), After: total(after)}, err
}

// Await waits until the device under dir has as many bytes as the host gave it, or ctx ends.
func Await(ctx context.Context, root, dir string, bytes uint64) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("grow the file system: %w", err)
	}
	defer func() { _ = f.Close() }()
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		has, err := deviceBytes(root, f)
		if err != nil || has >= bytes {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the disk has %d bytes, and not the %d that the host gave it", has, bytes)
		case <-tick.C:
		}
	}
}

func measure(f *os.File) (unix.Statfs_t, error) {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &s); err != nil {
		return s, fmt.Errorf("measure the file system: %w", err)
	}
	if s.Type != unix.EXT4_SUPER_MAGIC || s.Bsize <= 0 {
		return s, errors.New("the file system at " + f.Name() + " is not ext4")
	}
	return s, nil
}

func total(s unix.Statfs_t) uint64 { return s.Blocks * uint64(s.Bsize) } // #nosec G115 -- a block size is positive

// deviceBytes is the size of the device that a file lies on.
func deviceBytes(root string, f *os.File) (uint64, error) {
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return 0, fmt.Errorf("find the disk: %w", err)
	}
	path := fmt.Sprintf("%s/sys/dev/block/%d:%d/size", root, unix.Major(s.Dev), unix.Minor(s.Dev))
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("find the disk: %w", err)
	}
	sectors, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 54)
	if err != nil {
		return 0, fmt.Errorf("find the disk: %s: %w", path, err)
	}
	return sectors * sector, nil
}
