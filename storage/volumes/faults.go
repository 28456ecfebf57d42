package volumes

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"holm/internal/fault"
	"holm/internal/run"
)

func existing(path string) error {
	return fault.New(fault.Exists, "", "volume %s: %w", path, fs.ErrExist)
}

func missing(dir string) error {
	return fault.New(fault.Unfit, "mount the pool's file system, and look at it: holm pool check",
		"the folder of volumes %s is not there", dir)
}

// wrap says what was being done, unless the error is one that a person can read as it is.
func wrap(err error, doing string) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// full turns the many ways to say that the disk is full into one that names the remedy.
func (f folder) full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || said(err, syscall.ENOSPC.Error(), "No space left on device") {
		return noSpace(f.dir, f.remedy)
	}
	return err
}

func noSpace(place, remedy string) error {
	e := fault.New(fault.DiskFull, remedy, "no space left in %s for a volume", place)
	e.Cause = syscall.ENOSPC
	return e
}

func inUse(path string) error {
	return fault.New(fault.VolumeInUse, "stop the guest first, or grow it through the hypervisor",
		"volume %s is open in a guest", fault.Path(path))
}

// said tells whether a program that failed said any of these.
func said(err error, words ...string) bool {
	failed, ok := errors.AsType[*run.Error](err)
	if !ok {
		return false
	}
	for _, w := range words {
		if strings.Contains(failed.Stderr, w) {
			return true
		}
	}
	return false
}
