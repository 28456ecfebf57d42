package docker

import "holm/guest/probe"

func icc(run *share) probe.Check {
	return check(probe.Check{
		ID: "docker-icc", Source: "CIS Docker 2.2; Docker bench 2.2",
		Promise: "Containers on the default bridge do not reach each other.",
		Try:     run.judged("from one container, connect to a port of another over the bridge", judgeICC),
	})
}

func judgeICC(tried string, run *checkRun) probe.Result {
	tries := run.confined.told.Tries
	if run.reached != nil {
		return probe.Inconclusive(tried, "the guest does not reach the neighbour either: %s", clean(run.reached.Error()))
	}
	if !tries.among([]string{tryOutside}, 0) {
		return probe.Inconclusive(tried, "the container reaches nothing: %s", tries.tell(tryOutside))
	}
	return judgeRefused(tried, tries, []string{tryNeighbour}, "the guest reaches it", unreachable...)
}
