package docker

import "holm/guest/probe"

func setuidCheck(run *share) probe.Check {
	return check(probe.Check{
		ID: "docker-setuid", Source: "CIS Docker 5.25; Docker bench 2.13",
		Promise: "A setuid program gives a container's user nothing.",
		Try:     run.judged("run a setuid copy of root's as user 1001 of a container", judgeSetuid),
	})
}

func judgeSetuid(tried string, run *checkRun) probe.Result {
	told := run.confined.told.Setuid
	switch {
	case told == nil:
		return probe.Inconclusive(tried, "the container did not try it")
	case !told.Set || told.NoSUID:
		return probe.Inconclusive(tried, "the bit means nothing there: set %t, nosuid %t", told.Set, told.NoSUID)
	case told.EUID < 0:
		return probe.Inconclusive(tried, "it did not run: %s", clean(told.Error))
	case told.EUID != dockerUser:
		return probe.Failed(tried, "it ran with euid %d", told.EUID)
	case run.confined.seen.status.NoNewPrivs != 1:
		return probe.Failed(tried, "NoNewPrivs is %d", run.confined.seen.status.NoNewPrivs)
	}
	return probe.Passed(tried, "it ran with euid %d; NoNewPrivs is 1", told.EUID)
}
