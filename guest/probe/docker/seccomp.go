package docker

import (
	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

func seccomp(run *share) probe.Check {
	return check(probe.Check{
		ID: "docker-seccomp", Source: "CIS Docker 5.21; Docker bench 2.16",
		Promise: "A container runs behind Docker's default seccomp filter.",
		Try: run.judged("keyctl, add_key, unshare, perf_event_open in a container", func(tried string, run *checkRun) probe.Result {
			// The agent has no filter: what it is told is the kernel's own answer.
			control := dockerTries{}
			tryDenied(control)
			return judgeSeccomp(tried, run, control)
		}),
	})
}

func judgeSeccomp(tried string, run *checkRun, control dockerTries) probe.Result {
	const filter = 2
	names := []string{tryKeyctl, tryAddKey, tryUnshare, tryPerf}
	for _, name := range names {
		if number, made := control[name]; !made || number == int(unix.EPERM) {
			return probe.Inconclusive(tried, "the kernel itself answers alike: %s", control.tell(names...))
		}
	}
	if mode := run.confined.seen.status.Seccomp; mode != filter {
		return probe.Failed(tried, "Seccomp is %d, want %d; %s", mode, filter, run.confined.told.Tries.tell(names...))
	}
	if !run.confined.told.Tries.among(names, unix.EPERM) {
		return probe.Failed(tried, "not all is denied: %s", run.confined.told.Tries.tell(names...))
	}
	return probe.Passed(tried, "EPERM on all, where the kernel says %s", control.tell(names...))
}
