// Package k3s tries to get past what the profile asks of Kubernetes: one file a rule.
package k3s

import (
	"context"

	"holm/guest/probe"
)

// k3sRule is one check of the k3s profile. The checks share a run: see k3sShare.
type k3sRule struct {
	id, source, promise string
	tried               string
	alone               bool // it needs no namespace in which pods are admitted
	try                 func(ctx context.Context, run *k3sRun, tried string) probe.Result
}

func rules() []k3sRule {
	return []k3sRule{
		pss(), digest(), k3sLabels(), k3sGuarded(), netpol(), tokens(), secrets(), audit(), anonymous(), k3sTLS(),
	}
}

// Checks are those of the profile, of the k3s that an instance runs.
func Checks() []probe.Check { return Below("") }

// Below are the checks of the k3s profile for a k3s whose files lie below a folder, "" for the root: a judge runs
// them against an API server that it has started itself.
func Below(root string) []probe.Check {
	share := &k3sShare{paths: pathsBelow(root)}
	var checks []probe.Check
	for _, rule := range rules() {
		checks = append(checks, probe.Check{
			ID: rule.id, Source: rule.source, Promise: rule.promise, Profiles: []string{probe.K3s},
			Try: func(ctx context.Context, env *probe.Env) probe.Result {
				if share.env != env {
					share.env, share.results = env, share.all(ctx)
				}
				return share.results[rule.id]
			},
		})
	}
	return checks
}
