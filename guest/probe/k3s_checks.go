package probe

import "context"

// k3sRule is one check of the k3s profile. The checks share a run: see k3sShare.
type k3sRule struct {
	id, source, promise string
	tried               string
	alone               bool // it needs no namespace in which pods are admitted
	try                 func(ctx context.Context, run *k3sRun, tried string) Result
}

func k3sRules() []k3sRule {
	return []k3sRule{
		k3sPSS(), k3sDigest(), k3sLabels(), k3sGuarded(), k3sNetpol(), k3sTokens(), k3sSecrets(), k3sAudit(), k3sAnonymous(), k3sTLS(),
	}
}

func k3sChecks() []Check { return K3sBelow("") }

// K3sBelow are the checks of the k3s profile for a k3s whose files lie below a folder, "" for the root: a judge runs
// them against an API server that it has started itself.
func K3sBelow(root string) []Check {
	share := &k3sShare{paths: k3sPathsBelow(root)}
	var checks []Check
	for _, rule := range k3sRules() {
		checks = append(checks, Check{
			ID: rule.id, Source: rule.source, Promise: rule.promise, Profiles: []string{K3s},
			Try: func(ctx context.Context, env *Env) Result {
				if share.env != env {
					share.env, share.results = env, share.all(ctx)
				}
				return share.results[rule.id]
			},
		})
	}
	return checks
}
