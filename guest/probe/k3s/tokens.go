package k3s

import (
	"context"
	"slices"

	"holm/guest/k3sapi"
	"holm/guest/probe"
)

func tokens() k3sRule {
	return k3sRule{
		id:      "k3s-tokens",
		source:  "CIS Kubernetes 5.1.5, 5.1.6",
		promise: "A pod gets no token for the API unless it asks for one.",
		tried:   "dry-run a pod that does not ask for a token, and one that does",
		try:     tryK3sTokens,
	}
}

func tryK3sTokens(ctx context.Context, run *k3sRun, tried string) probe.Result {
	asking := wellMade()
	asking.Spec.Automount = new(true)
	with, err := run.admit(ctx, asking)
	if err != nil {
		return probe.Inconclusive(tried, "the pod that asks is refused: %s", short(err))
	}
	if !hasToken(with) {
		return probe.Inconclusive(tried, "the pod that asks gets no token either")
	}
	without, err := run.admit(ctx, wellMade())
	switch {
	case err != nil:
		return probe.Inconclusive(tried, "the pod that does not ask is refused: %s", short(err))
	case hasToken(without):
		return probe.Failed(tried, "the pod that does not ask gets a token")
	}
	return probe.Passed(tried, "none; a token")
}

// hasToken tells whether admission has put a token for the API into the pod.
func hasToken(pod k3sapi.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v k3sapi.Volume) bool {
		return v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s k3sapi.Source) bool { return s.Token != nil })
	})
}
