package system

import (
	"context"
	"os"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

func modulesLocked() probe.Check {
	return probe.Check{
		ID:      "modules-locked",
		Source:  "KSPP, lynis KRNL-6000",
		Promise: "Not even root can add code to the kernel once the instance is ready.",
		Try: func(context.Context, *probe.Env) probe.Result {
			return tryModules("/proc/sys/kernel/modules_disabled")
		},
	}
}

// tryModules hands the kernel something that is too short for a module: a kernel that would take modules says ENOEXEC,
// one that takes none says EPERM before it looks. The lock cannot be opened again, which is tried where it is closed.
func tryModules(lock string) probe.Result {
	const tried = "load a module, open the lock"
	load := systemTried("load a module", unix.InitModule([]byte("no module"), ""))
	if load.Errno == unix.ENOEXEC {
		return probe.Failed(tried, "the kernel takes modules: %s", load)
	}
	if r, bad := systemAllowed(tried, systemTried("be allowed to load modules", haveCapability(unix.CAP_SYS_MODULE))); bad {
		return r
	}
	return systemRefused(tried, []systemTry{
		load,
		systemTried("open the lock", os.WriteFile(lock, []byte("0\n"), 0)),
	}, unix.EPERM, unix.EINVAL)
}

// haveCapability returns EPERM when this process does not hold a capability: what it is refused then proves nothing.
func haveCapability(capability uint) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	if data[capability/32].Effective&(1<<(capability%32)) == 0 {
		return unix.EPERM
	}
	return nil
}
