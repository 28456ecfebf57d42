package system

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

func lockdown() probe.Check {
	return probe.Check{
		ID:      "kernel-lockdown",
		Source:  "KSPP",
		Promise: "Not even root can read or replace the running kernel: lockdown is on.",
		Try:     tryLockdown,
	}
}

func tryLockdown(context.Context, *probe.Env) probe.Result {
	const tried = "open /dev/mem and /dev/port, kexec, read the kernel's lockdown"
	dir, remove, err := systemDir("/dev")
	if err != nil {
		return probe.Inconclusive(tried, "%v", err)
	}
	defer remove()
	controls := []systemTry{
		systemTried("open a device of the same kind", openDevice(filepath.Join(dir, "null"), nullMinor)),
		systemTried("be allowed to boot", haveCapability(unix.CAP_SYS_BOOT)),
	}
	if r, bad := systemAllowed(tried, controls...); bad {
		return r
	}
	state, err := os.ReadFile("/sys/kernel/security/lockdown")
	if err != nil {
		return probe.Failed(tried, "the kernel has no lockdown: %v", err)
	}
	mode := lockdownMode(string(state))
	if mode != "integrity" && mode != "confidentiality" {
		return probe.Failed(tried, "lockdown is %q", mode)
	}
	// A kernel without such a device or call says ENXIO or ENOSYS.
	r := systemRefused(tried, []systemTry{
		systemTried("/dev/mem", openDevice(filepath.Join(dir, "mem"), memMinor)),
		systemTried("/dev/port", openDevice(filepath.Join(dir, "port"), portMinor)),
		systemTried("kexec", kexecNothing()),
	}, unix.EPERM, unix.ENXIO, unix.ENOSYS)
	r.Found += ", " + mode
	return r
}

// lockdownMode is the word in brackets of "none [integrity] confidentiality".
func lockdownMode(state string) string {
	_, rest, _ := strings.Cut(state, "[")
	mode, _, ok := strings.Cut(rest, "]")
	if !ok {
		return ""
	}
	return mode
}

// kexecNothing asks to forget the kernel that is kept for the next kexec. That changes nothing, because there is none,
// and needs the same permission as loading one.
func kexecNothing() error {
	_, _, errno := unix.Syscall6(unix.SYS_KEXEC_LOAD, 0, 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
