package docker

import (
	"strconv"

	"holm/guest/probe"
)

func limits(run *share) probe.Check {
	return check(probe.Check{
		ID: "docker-limits", Source: "CIS Docker 5.10, 5.28",
		Promise: "A container that asks for no limits is limited in memory and in processes.",
		Try:     run.judged("start a container without limits; read pids.max and memory.max of its control group", judgeLimits),
	})
}

func judgeLimits(tried string, run *checkRun) probe.Result {
	seen := run.confined.seen
	for name, value := range map[string]string{"pids.max": seen.pidsMax, "memory.max": seen.memoryMax} {
		if value == "max" {
			return probe.Failed(tried, "pids.max %s, memory.max %s", seen.pidsMax, seen.memoryMax)
		}
		if _, err := strconv.ParseUint(value, 10, 64); err != nil {
			return probe.Inconclusive(tried, "%s is %q", name, clean(value))
		}
	}
	return probe.Passed(tried, "pids.max %s, memory.max %s", seen.pidsMax, seen.memoryMax)
}
