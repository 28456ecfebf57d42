package images

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"holm/images/rootfs"
	"holm/internal/fault"
)

// closed are what a hardened host switches off for /var, and a build cannot do without: programs of the new root file system
// run in it, with their devices, and its setuid bits have to be seen.
const closed = unix.ST_NOEXEC | unix.ST_NODEV | unix.ST_NOSUID

// openMount lets programs, devices and setuid bits count below one folder, if its file system is mounted without them, and
// returns what undoes it. The folder is for root alone, and gone when the build is. It is mounted at itself, so
// nothing can be renamed across its border meanwhile. A build that is killed leaves the mount to the next one's sweep.
func openMount(dir string) (undo func() error, err error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return nil, fmt.Errorf("see how %s is mounted: %w", dir, err)
	}
	if stat.Flags&closed == 0 {
		return func() error { return nil }, nil
	}
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		return nil, cannotOpen(dir, err)
	}
	undo = func() error { return rootfs.UnmountBelow(dir) }
	// Nobody else is told of it, and so nobody keeps it.
	err = unix.Mount("", dir, "", unix.MS_PRIVATE, "")
	if err == nil {
		err = unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_NOATIME, "")
	}
	if err != nil {
		return nil, errors.Join(cannotOpen(dir, err), undo())
	}
	return undo, nil
}

func cannotOpen(dir string, err error) error {
	return fault.New(fault.Unfit, "remount its file system with exec,dev,suid while the image is built      or build elsewhere: --state DIR",
		"programs do not run below %s, and this process may not change that: %w", dir, err)
}
