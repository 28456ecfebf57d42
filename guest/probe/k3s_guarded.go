package probe

import (
	"context"
	"errors"
	"strings"

	"holm/guest/k3sapi"
	"holm/guest/keeper"
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
func tryK3sGuarded(ctx context.Context, run *k3sRun, tried string) Result {
	here, unmark := k3sapi.Named(k3sapi.Namespaces, run.name), k3sLabelPatch(keeper.Label, nil)
	if err := run.api.Merge(ctx, here, unmark, nil); err != nil {
		return inconclusive(tried, "the mark cannot be taken away: %s", k3sShort(err))
	}
	var refused error
	_ = k3sUntil(ctx, keeper.Settle/3, func() error {
		if _, refused = run.admit(ctx, k3sWellMade()); refused == nil {
			return errors.New("admitted")
		}
		return nil
	})
	if refused == nil {
		var ns k3sapi.Namespace
		if err := run.api.Get(ctx, here, &ns); err != nil || ns.Metadata.Labels[keeper.Label] != "" {
			return inconclusive(tried, "the mark was back before it was over")
		}
		return failed(tried, "admitted")
	}
	if !strings.Contains(refused.Error(), "'holm-guarded'") {
		return inconclusive(tried, "not refused by 'holm-guarded': %s", k3sShort(refused))
	}
	return passed(tried, "%s", k3sShort(refused))
}
