package k3s

import (
	"context"
	"sync"
	"time"

	"holm/guest/k3sapi"
	"holm/guest/keeper"
	"holm/guest/probe"
)

func k3sLabels() k3sRule {
	return k3sRule{
		id:      "k3s-labels",
		source:  "PSS; holm",
		promise: "Who may edit namespaces, but is no administrator, cannot loosen a namespace's rules by its labels.",
		tried: "as such a user, dry-run labels that loosen Pod Security, images and policies: on a namespace, its status, " +
			"its finalizers, a new one",
		try: tryK3sLabels,
	}
}

func tryK3sLabels(ctx context.Context, run *k3sRun, tried string) probe.Result {
	user := run.api.As(run.name).DryRun()
	here := k3sapi.Named(k3sapi.Namespaces, run.name)
	// The role was made a moment ago, and the API server takes another to know of it.
	if err := until(ctx, 5*time.Second, func() error {
		return user.Merge(ctx, here, labelPatch("example.com/colour", new("blue")), nil)
	}); err != nil {
		return probe.Inconclusive(tried, "the user cannot set a harmless label either: %s", short(err))
	}
	const image, level = "holm.internal/any-image", "pod-security.kubernetes.io/enforce"
	var ns k3sapi.Namespace
	if err := run.api.Get(ctx, here, &ns); err != nil {
		return probe.Inconclusive(tried, "%s", short(err))
	}
	ns.Metadata.Labels[level] = "privileged"
	ways := []struct {
		what string
		do   func() error
	}{
		{"any image", func() error { return user.Merge(ctx, here, labelPatch(image, new("allow")), nil) }},
		{"privileged pods", func() error { return user.Merge(ctx, here, labelPatch(level, new("privileged")), nil) }},
		{"no policies", func() error { return user.Merge(ctx, here, labelPatch(keeper.Label, nil), nil) }},
		{"any image by status", func() error { return user.Merge(ctx, here+"/status", labelPatch(image, new("allow")), nil) }},
		{"privileged pods by finalize", func() error { return user.Replace(ctx, here+"/finalize", ns, nil) }},
		{"privileged pods in a new namespace", func() error {
			fresh := k3sapi.NewNamespace(run.name+"-2", map[string]string{level: "privileged"})
			return user.Create(ctx, k3sapi.Namespaces, fresh, nil)
		}},
	}
	tries := make([]k3sTry, len(ways))
	var all sync.WaitGroup
	for i, way := range ways {
		all.Go(func() { tries[i] = k3sTry{way.what, way.do()} })
	}
	all.Wait()
	return k3sRefused(tried, "'holm-labels'", tries)
}

// labelPatch sets a label, or with nil removes it.
func labelPatch(label string, value *string) any {
	type labels map[string]*string
	return map[string]map[string]labels{"metadata": {"labels": {label: value}}}
}
