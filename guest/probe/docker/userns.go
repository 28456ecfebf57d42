package docker

import (
	"golang.org/x/sys/unix"

	"holm/guest/probe"
	"holm/guest/report"
)

func userNSCheck(run *share) probe.Check {
	return check(probe.Check{
		ID: "docker-userns", Source: "CIS Docker 2.9; Docker bench 2.9",
		Promise: "Root of a container is not root of the guest.",
		Try:     run.judged("as root of a container: read a file of the guest's root, write another; its map of users", judgeUserNS),
	})
}

func judgeUserNS(tried string, run *checkRun) probe.Result {
	tries := run.privileged.told.Tries
	if !tries.among([]string{tryReadOpen}, 0) || run.privileged.told.UID != 0 {
		return probe.Inconclusive(tried, "it cannot read what all may read: %s", tries.tell(tryReadOpen))
	}
	for _, c := range []containerRun{run.confined, run.privileged} {
		root, mapped := outsideID(c.seen.uids, 0)
		if !mapped || root == 0 {
			return probe.Failed(tried, "root of the container is root of the guest: %v", c.seen.uids)
		}
		if c.seen.status.EUID == c.told.UID {
			return probe.Failed(tried, "uid %d of the container is uid %d of the guest", c.told.UID, c.seen.status.EUID)
		}
	}
	root, _ := outsideID(run.privileged.seen.uids, 0)
	r := judgeRefused(tried, tries, []string{tryReadPrivate, tryWriteOpen}, "", unix.EACCES, unix.EPERM)
	if r.Outcome != report.Passed {
		return r
	}
	return probe.Passed(tried, "%s; root is uid %d, user %d is uid %d",
		r.Found, root, run.confined.told.UID, run.confined.seen.status.EUID)
}
