package rootfs

import (
	"errors"
	"fmt"
	"slices"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// UnmountBelow detaches whatever is mounted at a folder and below it, the deepest first. Removing the folder without this
// would remove the host's /dev where a build that was killed had it mounted.
func UnmountBelow(dir string) error {
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	if err != nil {
		return fmt.Errorf("list what is mounted: %w", err)
	}
	var failed error
	for _, m := range mounts {
		// A copy of /sys still tells the host's /sys what is unmounted in it.
		if err := unix.Mount("", m.Mountpoint, "", unix.MS_PRIVATE, ""); err != nil {
			return fmt.Errorf("take %s apart from the host: %w", m.Mountpoint, err)
		}
	}
	for _, m := range slices.Backward(mounts) {
		if err := unix.Unmount(m.Mountpoint, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
			failed = errors.Join(failed, fmt.Errorf("unmount %s: %w", m.Mountpoint, err))
		}
	}
	return failed
}
