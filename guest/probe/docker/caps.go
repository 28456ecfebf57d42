package docker

import (
	"golang.org/x/sys/unix"

	"holm/guest/probe"
	"holm/guest/probe/procfs"
)

func caps(run *share) probe.Check {
	return check(probe.Check{
		ID: "docker-caps", Source: "CIS Docker 5.3",
		Promise: "A container with --cap-drop ALL has no capability, and can get none.",
		Try:     run.judged("chown, a raw socket, mknod in a container without capabilities; its sets", judgeCaps),
	})
}

func judgeCaps(tried string, run *checkRun) probe.Result {
	names := []string{tryChown, tryRaw, tryMknod}
	// The privileged container may do what is its own: so the calls are good.
	if powers := run.privileged.told.Tries; !powers.among([]string{tryChown, tryRaw}, 0) {
		return probe.Inconclusive(tried, "a privileged container fails too: %s", powers.tell(tryChown, tryRaw))
	}
	// What the kernel tells the guest counts, not only what the container tells of itself.
	for _, s := range []procfs.Status{run.confined.seen.status, run.confined.told.Status} {
		if s.CapEff|s.CapPrm|s.CapBnd|s.CapAmb != 0 {
			return probe.Failed(tried, "CapEff %x, CapPrm %x, CapBnd %x, CapAmb %x", s.CapEff, s.CapPrm, s.CapBnd, s.CapAmb)
		}
	}
	return judgeRefused(tried, run.confined.told.Tries, names, "the sets are empty", unix.EPERM)
}

// judgeRefused passes when each attempt was refused in one of these ways. One that succeeded has broken the promise; one
// that failed otherwise proves nothing.
func judgeRefused(tried string, tries dockerTries, names []string, besides string, errnos ...unix.Errno) probe.Result {
	told := tries.tell(names...)
	for _, name := range names {
		if number, made := tries[name]; made && number == 0 {
			return probe.Failed(tried, "%s succeeded", name)
		}
	}
	if !tries.among(names, errnos...) {
		return probe.Inconclusive(tried, "%s", told)
	}
	if besides != "" {
		told += "; " + besides
	}
	return probe.Passed(tried, "%s", told)
}
