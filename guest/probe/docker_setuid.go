package probe

func dockerSetuidCheck(run *dockerShare) Check {
	return dockerCheck(Check{
		ID: "docker-setuid", Source: "CIS Docker 5.25; Docker bench 2.13",
		Promise: "A setuid program gives a container's user nothing.",
		Try:     run.judged("run a setuid copy of root's as user 1001 of a container", judgeSetuid),
	})
}

func judgeSetuid(tried string, run *dockerRun) Result {
	told := run.confined.told.Setuid
	switch {
	case told == nil:
		return inconclusive(tried, "the container did not try it")
	case !told.Set || told.NoSUID:
		return inconclusive(tried, "the bit means nothing there: set %t, nosuid %t", told.Set, told.NoSUID)
	case told.EUID < 0:
		return inconclusive(tried, "it did not run: %s", dockerClean(told.Error))
	case told.EUID != dockerUser:
		return failed(tried, "it ran with euid %d", told.EUID)
	case run.confined.seen.status.NoNewPrivs != 1:
		return failed(tried, "NoNewPrivs is %d", run.confined.seen.status.NoNewPrivs)
	}
	return passed(tried, "it ran with euid %d; NoNewPrivs is 1", told.EUID)
}
