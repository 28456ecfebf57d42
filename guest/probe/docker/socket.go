package docker

import (
	"strings"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

func socketCheck(run *share) probe.Check {
	return check(probe.Check{
		ID: "docker-socket", Source: "CIS Docker 5.31; Docker docs: rootless mode",
		Promise: "A container reaches neither Docker's socket nor the services of the guest's loopback.",
		Try: run.judged("from a container: docker.sock, containerd.sock, an abstract socket, TCP 2375, 2376, the guest's loopback",
			judgeSocket),
	})
}

func judgeSocket(tried string, run *checkRun) probe.Result {
	tries := run.confined.told.Tries
	if !tries.among([]string{tryOwn, tryOutside}, 0) {
		return probe.Inconclusive(tried, "nor does it reach what it should: %s", tries.tell(tryOwn, tryOutside))
	}
	var names []string
	for _, b := range run.baits {
		if b.socket {
			names = append(names, b.name)
		}
	}
	var open []string
	for _, name := range names {
		if number, made := tries[name]; made && number == 0 {
			open = append(open, name)
		}
	}
	if len(open) > 0 {
		return probe.Failed(tried, "it reaches %s", strings.Join(open, ", "))
	}
	if len(names) == 0 || !tries.among(names, unreachable...) {
		return probe.Inconclusive(tried, "%s", tries.tell(names...))
	}
	return probe.Passed(tried, "%d doors, none opens; it does reach the guest's own address", len(names))
}

// unreachable are the ways in which a connection does not come about. EPERM is a filter's, EACCES a file's.
var unreachable = []unix.Errno{
	unix.ECONNREFUSED, unix.ETIMEDOUT, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ENOENT, unix.EACCES, unix.EPERM, unix.ECONNRESET,
}
