package system

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
	"holm/guest/report"
)

func rootReadonly() probe.Check {
	return probe.Check{
		ID:      "root-readonly",
		Source:  "holm",
		Promise: "Not even root can change a file of the operating system.",
		Try:     tryRootReadonly,
	}
}

func tryRootReadonly(context.Context, *probe.Env) probe.Result {
	const tried = "make a file in /, /usr, /usr/lib/holm and /boot, also after mounting / writable"
	if r, bad := systemAllowed(tried, makeFiles([]string{systemPlace})...); bad {
		return r
	}
	dirs := []string{"/", "/usr", "/usr/lib/holm", "/boot"}
	if r := systemRefused(tried, makeFiles(dirs), unix.EROFS); r.Outcome != report.Passed {
		return r
	}
	remount, restore := remountWritable("/")
	defer restore()
	r := systemRefused(tried, makeFiles(dirs), unix.EROFS)
	r.Found += "; " + remount.String()
	return r
}

func makeFiles(dirs []string) []systemTry {
	var tries []systemTry
	for _, dir := range dirs {
		tries = append(tries, systemTried(dir, makeFile(dir)))
	}
	return tries
}

// makeFile makes a file in dir and removes it again.
func makeFile(dir string) error {
	name := filepath.Join(dir, ".holm-write-test")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(name))
}

// remountWritable asks the kernel for a writable mount, keeping its other flags. Some file systems accept that and stay
// read-only; so what counts is whether a write succeeds afterwards. restore puts the flags back.
func remountWritable(dir string) (remount systemTry, restore func()) {
	nothing := func() {}
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return systemTried("statfs "+dir, err), nothing
	}
	flags := mountFlags(stat.Flags)
	remount = systemTried("remount", unix.Mount("", dir, "", flags&^unix.MS_RDONLY|unix.MS_REMOUNT, ""))
	if remount.Errno != 0 {
		return remount, nothing
	}
	return remount, func() { _ = unix.Mount("", dir, "", flags|unix.MS_REMOUNT, "") }
}

// mountFlags translates the flags of statfs(2) into those of mount(2): most have the same value, one has not.
func mountFlags(st int64) uintptr {
	const same = unix.ST_RDONLY | unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOEXEC | unix.ST_NOATIME | unix.ST_NODIRATIME
	flags := uintptr(st & same)
	if st&unix.ST_RELATIME != 0 {
		flags |= unix.MS_RELATIME
	}
	return flags
}
