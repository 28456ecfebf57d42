package k3s

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"holm/guest/k3sapi"
	"holm/guest/probe"
)

func secrets() k3sRule {
	return k3sRule{
		id:      "k3s-secrets",
		source:  "CIS Kubernetes 1.2.27; k3s hardening guide",
		promise: "Secrets lie encrypted in the cluster's datastore.",
		tried:   "make a secret and a configmap, and look for what they say in the datastore's files",
		try:     tryK3sSecrets,
	}
}

func tryK3sSecrets(ctx context.Context, run *k3sRun, tried string) probe.Result {
	hidden, open := rand.Text(), rand.Text()
	if err := errors.Join(
		run.api.Create(ctx, k3sapi.In(run.name, "secrets"), k3sapi.NewSecret("probe", thrice(hidden)), nil),
		run.api.Create(ctx, k3sapi.In(run.name, "configmaps"), k3sapi.NewConfigMap("probe", thrice(open)), nil),
	); err != nil {
		return probe.Inconclusive(tried, "%s", short(err))
	}
	// Both were answered, so both were written; what was written is there to be read, also before it is on the disk.
	found, err := search(ctx, run.paths.datastore, hidden, k3sBase64(hidden), open)
	switch {
	case found[0] || found[1]:
		return probe.Failed(tried, "the secret lies in clear")
	case err != nil:
		return probe.Inconclusive(tried, "%s", short(err))
	case !found[2]:
		return probe.Inconclusive(tried, "nor is the configmap found in %s", run.paths.datastore)
	}
	return probe.Passed(tried, "the configmap is found, the secret is not")
}

// thrice says it three times, so that the end of a page of the datastore cannot cut through all of them.
func thrice(marker string) map[string]string {
	return map[string]string{"a": marker, "b": marker, "c": marker}
}

// k3sBase64 is how the API writes a secret in JSON.
func k3sBase64(marker string) string { return base64.StdEncoding.EncodeToString([]byte(marker)) }
