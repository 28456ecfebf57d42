package doctor

import (
	"context"
	"errors"
	"io/fs"
	"strings"
)

// checkSeccomp asks for the filter that libvirt puts around QEMU; it is on unless qemu.conf says 0.
func checkSeccomp(_ context.Context, e *env) Result {
	if !strings.Contains(e.value("/proc/sys/kernel/seccomp/actions_avail"), "kill_process") {
		return e.isolation(install("linux-image-amd64")+" && reboot", "the kernel has no seccomp filters")
	}
	conf, err := e.read(qemuConf)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return warn("sudo holm doctor", "%s may not be read by this user", qemuConf)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return warn("ls -l "+qemuConf, "%s %s", qemuConf, plain(err))
	case confValue(conf, "seccomp_sandbox") == "0":
		return e.isolation("sed -i 's/^seccomp_sandbox.*/seccomp_sandbox = 1/' "+qemuConf+" && "+e.reload(),
			"%s switches QEMU's sandbox off", qemuConf)
	default:
		return ok("QEMU's sandbox is on")
	}
}
