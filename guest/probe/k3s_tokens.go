package probe

import (
	"context"
	"slices"

	"holm/guest/k3sapi"
)

func k3sTokens() k3sRule {
	return k3sRule{
		id:      "k3s-tokens",
		source:  "CIS Kubernetes 5.1.5, 5.1.6",
		promise: "A pod gets no token for the API unless it asks for one.",
		tried:   "dry-run a pod that does not ask for a token, and one that does",
		try:     tryK3sTokens,
	}
}

func tryK3sTokens(ctx context.Context, run *k3sRun, tried string) Result {
	asking := k3sWellMade()
	asking.Spec.Automount = new(true)
	with, err := run.admit(ctx, asking)
	if err != nil {
		return inconclusive(tried, "the pod that asks is refused: %s", k3sShort(err))
	}
	if !k3sHasToken(with) {
		return inconclusive(tried, "the pod that asks gets no token either")
	}
	without, err := run.admit(ctx, k3sWellMade())
	switch {
	case err != nil:
		return inconclusive(tried, "the pod that does not ask is refused: %s", k3sShort(err))
	case k3sHasToken(without):
		return failed(tried, "the pod that does not ask gets a token")
	}
	return passed(tried, "none; a token")
}

// k3sHasToken tells whether admission has put a token for the API into the pod.
func k3sHasToken(pod k3sapi.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v k3sapi.Volume) bool {
		return v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s k3sapi.Source) bool { return s.Token != nil })
	})
}
