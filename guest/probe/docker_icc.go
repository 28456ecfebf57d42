package probe

func dockerICC(run *dockerShare) Check {
	return dockerCheck(Check{
		ID: "docker-icc", Source: "CIS Docker 2.2; Docker bench 2.2",
		Promise: "Containers on the default bridge do not reach each other.",
		Try:     run.judged("from one container, connect to a port of another over the bridge", judgeICC),
	})
}

func judgeICC(tried string, run *dockerRun) Result {
	tries := run.confined.told.Tries
	if run.reached != nil {
		return inconclusive(tried, "the guest does not reach the neighbour either: %s", dockerClean(run.reached.Error()))
	}
	if !tries.among([]string{tryOutside}, 0) {
		return inconclusive(tried, "the container reaches nothing: %s", tries.tell(tryOutside))
	}
	return judgeRefused(tried, tries, []string{tryNeighbour}, "the guest reaches it", dockerUnreachable...)
}
