package k3s

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"holm/guest/k3sapi"
	"holm/guest/probe"
)

func anonymous() k3sRule {
	return k3sRule{
		id:      "k3s-anonymous",
		source:  "CIS Kubernetes 1.2.1",
		promise: "The API answers nobody without credentials.",
		tried:   "ask the API for /api, /version and all secrets without credentials",
		alone:   true,
		try:     tryK3sAnonymous,
	}
}

func tryK3sAnonymous(ctx context.Context, run *k3sRun, tried string) probe.Result {
	paths := []string{"/api", "/version", "/api/v1/secrets"}
	if err := run.api.Get(ctx, paths[0], nil); err != nil {
		return probe.Inconclusive(tried, "nor does it with credentials: %s", short(err))
	}
	nobody, err := k3sapi.New(k3sapi.Access{Server: run.access.Server, CA: run.access.CA})
	if err != nil {
		return probe.Inconclusive(tried, "%s", short(err))
	}
	defer nobody.Close()
	var codes []string
	for _, path := range paths {
		err := nobody.Get(ctx, path, nil)
		switch code := k3sapi.Code(err); {
		case err == nil:
			return probe.Failed(tried, "%s: answered", path)
		case code != http.StatusUnauthorized && code != http.StatusForbidden:
			return probe.Inconclusive(tried, "%s: %s", path, short(err))
		default:
			codes = append(codes, strconv.Itoa(code))
		}
	}
	return probe.Passed(tried, "%s", strings.Join(codes, ", "))
}
