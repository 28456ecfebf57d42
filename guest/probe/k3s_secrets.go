package probe

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"holm/guest/k3sapi"
)

func k3sSecrets() k3sRule {
	return k3sRule{
		id:      "k3s-secrets",
		source:  "CIS Kubernetes 1.2.27; k3s hardening guide",
		promise: "Secrets lie encrypted in the cluster's datastore.",
		tried:   "make a secret and a configmap, and look for what they say in the datastore's files",
		try:     tryK3sSecrets,
	}
}

func tryK3sSecrets(ctx context.Context, run *k3sRun, tried string) Result {
	hidden, open := rand.Text(), rand.Text()
	if err := errors.Join(
		run.api.Create(ctx, k3sapi.In(run.name, "secrets"), k3sapi.NewSecret("probe", k3sThrice(hidden)), nil),
		run.api.Create(ctx, k3sapi.In(run.name, "configmaps"), k3sapi.NewConfigMap("probe", k3sThrice(open)), nil),
	); err != nil {
		return inconclusive(tried, "%s", k3sShort(err))
	}
	// Both were answered, so both were written; what was written is there to be read, also before it is on the disk.
	found, err := k3sSearch(ctx, run.paths.datastore, hidden, k3sBase64(hidden), open)
	switch {
	case found[0] || found[1]:
		return failed(tried, "the secret lies in clear")
	case err != nil:
		return inconclusive(tried, "%s", k3sShort(err))
	case !found[2]:
		return inconclusive(tried, "nor is the configmap found in %s", run.paths.datastore)
	}
	return passed(tried, "the configmap is found, the secret is not")
}

// k3sThrice says it three times, so that the end of a page of the datastore cannot cut through all of them.
func k3sThrice(marker string) map[string]string {
	return map[string]string{"a": marker, "b": marker, "c": marker}
}

// k3sBase64 is how the API writes a secret in JSON.
func k3sBase64(marker string) string { return base64.StdEncoding.EncodeToString([]byte(marker)) }
