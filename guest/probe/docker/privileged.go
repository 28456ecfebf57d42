package docker

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
	"holm/guest/probe/procfs"
	"holm/guest/report"
)

func dockerPrivileged(run *share) probe.Check {
	return check(probe.Check{
		ID: "docker-privileged", Source: "CIS Docker 5.4; Docker docs: rootless mode",
		Promise: "Not even a privileged container gets at the guest's disk, kernel or first process.",
		Try: run.judged("from a privileged container: the state volume, sysrq, sysctls, a module, kmsg, reboot, pid 1",
			func(tried string, run *checkRun) probe.Result {
				last, err := procfs.Read("/proc/sys/kernel/cap_last_cap")
				if err != nil {
					return probe.Inconclusive(tried, "%s", clean(err.Error()))
				}
				highest, err := strconv.Atoi(strings.TrimSpace(string(last)))
				if err != nil || highest < 0 || highest > 62 {
					return probe.Inconclusive(tried, "the kernel's last capability is %q", clean(string(last)))
				}
				return judgePrivileged(tried, run, 1<<(highest+1)-1)
			}),
	})
}

// judgePrivileged is told all the capabilities that there are.
func judgePrivileged(tried string, run *checkRun, all uint64) probe.Result {
	tries := run.privileged.told.Tries
	powers := []string{tryTmpfs, tryChown, tryRaw, tryPidOne}
	if got := run.privileged.seen.status.CapEff; got != all {
		return probe.Inconclusive(tried, "its CapEff is %x, not %x", got, all)
	}
	if !tries.among(powers, 0) {
		return probe.Inconclusive(tried, "it cannot do what is its own either: %s", tries.tell(powers...))
	}
	refused := []string{
		tryMakeDevice, tryMount, trySysrq, tryCore, tryPanic, tryModule, tryKmsg, trySetns, trySignal, tryReboot,
	}
	// The device may not be there at all.
	open := judgeRefused(tried, tries, []string{tryOpenDevice}, "", unix.EACCES, unix.EPERM, unix.ENOENT)
	r := judgeRefused(tried, tries, refused, "", unix.EACCES, unix.EPERM)
	for _, outcome := range []report.Outcome{report.Failed, report.Inconclusive} {
		for _, one := range []probe.Result{open, r} {
			if one.Outcome == outcome {
				return one
			}
		}
	}
	return probe.Passed(tried, "%d attempts refused, with CapEff %x", len(refused)+1, all)
}
