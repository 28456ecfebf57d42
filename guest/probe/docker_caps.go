package probe

import "golang.org/x/sys/unix"

func dockerCaps(run *dockerShare) Check {
	return dockerCheck(Check{
		ID: "docker-caps", Source: "CIS Docker 5.3",
		Promise: "A container with --cap-drop ALL has no capability, and can get none.",
		Try:     run.judged("chown, a raw socket, mknod in a container without capabilities; its sets", judgeCaps),
	})
}

func judgeCaps(tried string, run *dockerRun) Result {
	names := []string{tryChown, tryRaw, tryMknod}
	// The privileged container may do what is its own: so the calls are good.
	if powers := run.privileged.told.Tries; !powers.among([]string{tryChown, tryRaw}, 0) {
		return inconclusive(tried, "a privileged container fails too: %s", powers.tell(tryChown, tryRaw))
	}
	// What the kernel tells the guest counts, not only what the container tells of itself.
	for _, s := range []dockerStatus{run.confined.seen.status, run.confined.told.Status} {
		if s.CapEff|s.CapPrm|s.CapBnd|s.CapAmb != 0 {
			return failed(tried, "CapEff %x, CapPrm %x, CapBnd %x, CapAmb %x", s.CapEff, s.CapPrm, s.CapBnd, s.CapAmb)
		}
	}
	return judgeRefused(tried, run.confined.told.Tries, names, "the sets are empty", unix.EPERM)
}

// judgeRefused passes when each attempt was refused in one of these ways. One that succeeded has broken the promise; one
// that failed otherwise proves nothing.
func judgeRefused(tried string, tries dockerTries, names []string, besides string, errnos ...unix.Errno) Result {
	told := tries.tell(names...)
	for _, name := range names {
		if number, made := tries[name]; made && number == 0 {
			return failed(tried, "%s succeeded", name)
		}
	}
	if !tries.among(names, errnos...) {
		return inconclusive(tried, "%s", told)
	}
	if besides != "" {
		told += "; " + besides
	}
	return passed(tried, "%s", told)
}
