package probe

import "strconv"

func dockerLimits(run *dockerShare) Check {
	return dockerCheck(Check{
		ID: "docker-limits", Source: "CIS Docker 5.10, 5.28",
		Promise: "A container that asks for no limits is limited in memory and in processes.",
		Try:     run.judged("start a container without limits; read pids.max and memory.max of its control group", judgeLimits),
	})
}

func judgeLimits(tried string, run *dockerRun) Result {
	seen := run.confined.seen
	for name, value := range map[string]string{"pids.max": seen.pidsMax, "memory.max": seen.memoryMax} {
		if value == "max" {
			return failed(tried, "pids.max %s, memory.max %s", seen.pidsMax, seen.memoryMax)
		}
		if _, err := strconv.ParseUint(value, 10, 64); err != nil {
			return inconclusive(tried, "%s is %q", name, dockerClean(value))
		}
	}
	return passed(tried, "pids.max %s, memory.max %s", seen.pidsMax, seen.memoryMax)
}
