package probe

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"holm/guest/k3sapi"
)

func k3sAnonymous() k3sRule {
	return k3sRule{
		id:      "k3s-anonymous",
		source:  "CIS Kubernetes 1.2.1",
		promise: "The API answers nobody without credentials.",
		tried:   "ask the API for /api, /version and all secrets without credentials",
		alone:   true,
		try:     tryK3sAnonymous,
	}
}

func tryK3sAnonymous(ctx context.Context, run *k3sRun, tried string) Result {
	paths := []string{"/api", "/version", "/api/v1/secrets"}
	if err := run.api.Get(ctx, paths[0], nil); err != nil {
		return inconclusive(tried, "nor does it with credentials: %s", k3sShort(err))
	}
	nobody, err := k3sapi.New(k3sapi.Access{Server: run.access.Server, CA: run.access.CA})
	if err != nil {
		return inconclusive(tried, "%s", k3sShort(err))
	}
	defer nobody.Close()
	var codes []string
	for _, path := range paths {
		err := nobody.Get(ctx, path, nil)
		switch code := k3sapi.Code(err); {
		case err == nil:
			return failed(tried, "%s: answered", path)
		case code != http.StatusUnauthorized && code != http.StatusForbidden:
			return inconclusive(tried, "%s: %s", path, k3sShort(err))
		default:
			codes = append(codes, strconv.Itoa(code))
		}
	}
	return passed(tried, "%s", strings.Join(codes, ", "))
}
