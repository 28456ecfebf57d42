package probe

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"holm/guest/report"
)

func dockerPrivileged(run *dockerShare) Check {
	return dockerCheck(Check{
		ID: "docker-privileged", Source: "CIS Docker 5.4; Docker docs: rootless mode",
		Promise: "Not even a privileged container gets at the guest's disk, kernel or first process.",
		Try: run.judged("from a privileged container: the state volume, sysrq, sysctls, a module, kmsg, reboot, pid 1",
			func(tried string, run *dockerRun) Result {
				last, err := dockerReadProc("/proc/sys/kernel/cap_last_cap")
				if err != nil {
					return inconclusive(tried, "%s", dockerClean(err.Error()))
				}
				highest, err := strconv.Atoi(strings.TrimSpace(string(last)))
				if err != nil || highest < 0 || highest > 62 {
					return inconclusive(tried, "the kernel's last capability is %q", dockerClean(string(last)))
				}
				return judgePrivileged(tried, run, 1<<(highest+1)-1)
			}),
	})
}

// judgePrivileged is told all the capabilities that there are.
func judgePrivileged(tried string, run *dockerRun, all uint64) Result {
	tries := run.privileged.told.Tries
	powers := []string{tryTmpfs, tryChown, tryRaw, tryPidOne}
	if got := run.privileged.seen.status.CapEff; got != all {
		return inconclusive(tried, "its CapEff is %x, not %x", got, all)
	}
	if !tries.among(powers, 0) {
		return inconclusive(tried, "it cannot do what is its own either: %s", tries.tell(powers...))
	}
	refused := []string{
		tryMakeDevice, tryMount, trySysrq, tryCore, tryPanic, tryModule, tryKmsg, trySetns, trySignal, tryReboot,
	}
	// The device may not be there at all.
	open := judgeRefused(tried, tries, []string{tryOpenDevice}, "", unix.EACCES, unix.EPERM, unix.ENOENT)
	r := judgeRefused(tried, tries, refused, "", unix.EACCES, unix.EPERM)
	for _, outcome := range []report.Outcome{report.Failed, report.Inconclusive} {
		for _, one := range []Result{open, r} {
			if one.Outcome == outcome {
				return one
			}
		}
	}
	return passed(tried, "%d attempts refused, with CapEff %x", len(refused)+1, all)
}
