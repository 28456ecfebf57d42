package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

func rootDevice() probe.Check {
	return probe.Check{
		ID:      "root-device",
		Source:  "holm",
		Promise: "The disk of the operating system takes no write: neither through dm-verity nor below it.",
		Try:     tryRootDevice,
	}
}

func tryRootDevice(context.Context, *probe.Env) probe.Result {
	devices, err := blockDevices("/sys/dev/block", "/")
	if err != nil {
		return probe.Failed("find the disk under /", "%v", err)
	}
	tried := "make writable, and write to, " + strings.Join(devices, " and ")
	var tries []systemTry
	for _, device := range devices {
		control, try := writeBack("/dev/" + device)
		control.What, try.What = "read "+device, device
		if r, bad := systemAllowed(tried, control); bad {
			return r
		}
		tries = append(tries, try)
	}
	return systemRefused(tried, tries, unix.EPERM, unix.EACCES, unix.EROFS, unix.EIO)
}

// blockDevices names the device that dir is mounted from and all those it is made of, by sysfs' folder of block devices.
func blockDevices(sysDevBlock, dir string) ([]string, error) {
	var stat unix.Stat_t
	if err := unix.Stat(dir, &stat); err != nil {
		return nil, err
	}
	number := fmt.Sprintf("%d:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev))
	link, err := os.Readlink(filepath.Join(sysDevBlock, number))
	if err != nil {
		return nil, fmt.Errorf("%s lies on no block device: %s", dir, number)
	}
	devices := []string{filepath.Base(link)}
	slaves, err := filepath.Glob(filepath.Join(sysDevBlock, number, "slaves", "*"))
	if err != nil {
		return nil, err
	}
	for _, slave := range slaves {
		devices = append(devices, filepath.Base(slave))
	}
	return devices, nil
}

// writeBack lifts the device's write protection, writes its first 4096 bytes just as they were read, and puts the
// protection back: should it succeed, nothing has changed.
func writeBack(device string) (control, try systemTry) {
	block, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE) // O_DIRECT wants it aligned
	if err != nil {
		return systemTried("", err), systemTry{}
	}
	defer func() { _ = unix.Munmap(block) }()
	r, err := os.OpenFile(device, os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return systemTried("", err), systemTry{}
	}
	defer func() { _ = r.Close() }()
	if _, err := r.ReadAt(block, 0); err != nil {
		return systemTried("", err), systemTry{}
	}
	defer unprotect(int(r.Fd()))()
	w, err := os.OpenFile(device, os.O_WRONLY|unix.O_DIRECT|unix.O_SYNC, 0)
	if err != nil {
		return systemTry{}, systemTried("", err)
	}
	_, err = w.WriteAt(block, 0)
	if err == nil {
		err = w.Sync()
	}
	return systemTry{}, systemTried("", errors.Join(err, w.Close()))
}

// unprotect lifts a block device's write protection and returns what puts it back. What is no block device has none.
func unprotect(fd int) (restore func()) {
	was, err := unix.IoctlGetInt(fd, unix.BLKROGET)
	if err != nil || unix.IoctlSetPointerInt(fd, unix.BLKROSET, 0) != nil {
		return func() {}
	}
	return func() { _ = unix.IoctlSetPointerInt(fd, unix.BLKROSET, was) }
}
