package k3s

import (
	"context"
	"errors"
	"strings"

	"holm/guest/k3sapi"
	"holm/guest/keeper"
	"holm/guest/probe"
)

func k3sGuarded() k3sRule {
	return k3sRule{
		id:      "k3s-guarded",
		source:  "CIS Kubernetes 5.3.2; holm",
		promise: "No pod is admitted where the namespace's network policies are not.",
		tried:   "take a namespace's mark away and dry-run the well-made pod in it",
		try:     tryK3sGuarded,
	}
}

// tryK3sGuarded relies on the keeper to leave a namespace without its mark for keeper.Settle. The API server may need a
// moment of that to see that the mark is gone.
func tryK3sGuarded(ctx context.Context, run *k3sRun, tried string) probe.Result {
	here, unmark := k3sapi.Named(k3sapi.Namespaces, run.name), labelPatch(keeper.Label, nil)
	if err := run.api.Merge(ctx, here, unmark, nil); err != nil {
		return probe.Inconclusive(tried, "the mark cannot be taken away: %s", short(err))
	}
	var refused error
	_ = until(ctx, keeper.Settle/3, func() error {
		if _, refused = run.admit(ctx, wellMade()); refused == nil {
			return errors.New("admitted")
		}
		return nil
	})
	if refused == nil {
		var ns k3sapi.Namespace
		if err := run.api.Get(ctx, here, &ns); err != nil || ns.Metadata.Labels[keeper.Label] != "" {
			return probe.Inconclusive(tried, "the mark was back before it was over")
		}
		return probe.Failed(tried, "admitted")
	}
	if !strings.Contains(refused.Error(), "'holm-guarded'") {
		return probe.Inconclusive(tried, "not refused by 'holm-guarded': %s", short(refused))
	}
	return probe.Passed(tried, "%s", short(refused))
}
