package k3sapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/k3sapi"
	"holm/guest/k3sapi/k3stest"
)

func written(t testing.TB, access k3sapi.Access) string {
	t.Helper()
	data, err := access.Kubeconfig("default")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAKubeconfigReadsBackAsItWasWritten(t *testing.T) {
	access := k3stest.New(t).Access(t)
	got, err := k3sapi.ParseKubeconfig([]byte(written(t, access)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(access, got); diff != "" {
		t.Error(diff)
	}
}

func TestAKubeconfigOfAnotherFormIsRefused(t *testing.T) {
	s := k3stest.New(t)
	access := s.Access(t)
	with := func(change func(*k3sapi.Access)) string {
		a := access
		change(&a)
		return written(t, a)
	}
	for name, text := range map[string]string{
		"nothing":                  "",
		"no YAML":                  "{",
		"another kind":             strings.Replace(written(t, access), "kind: Config", "kind: Secret", 1),
		"no base64":                strings.Replace(written(t, access), "client-key-data: ", "client-key-data: %", 1),
		"an endless one":           written(t, access) + strings.Repeat("#", k3sapi.MaxKubeconfig),
		"aliases that grow":        "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
		"http":                     with(func(a *k3sapi.Access) { a.Server = "http://127.0.0.1:6443" }),
		"a server with a path":     with(func(a *k3sapi.Access) { a.Server = "https://127.0.0.1:6443/x" }),
		"a server with a login":    with(func(a *k3sapi.Access) { a.Server = "https://a:b@127.0.0.1:6443" }),
		"no CA":                    with(func(a *k3sapi.Access) { a.CA = nil }),
		"a CA that is a key":       with(func(a *k3sapi.Access) { a.CA = a.Key }),
		"a CA and something else":  with(func(a *k3sapi.Access) { a.CA = append(slices.Clip(a.CA), "more"...) }),
		"a key that is none":       with(func(a *k3sapi.Access) { a.Key = a.CA }),
		"two keys":                 with(func(a *k3sapi.Access) { a.Key = append(slices.Clip(a.Key), a.Key...) }),
		"the key of somebody else": with(func(a *k3sapi.Access) { a.Key = s.Access(t).Key }),
		"a certificate that is none": with(func(a *k3sapi.Access) {
			a.Certificate = []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		}),
	} {
		if got, err := k3sapi.ParseKubeconfig([]byte(text)); err == nil {
			t.Errorf("%s: %+v", name, got.Server)
		}
	}
}

func FuzzParseKubeconfig(f *testing.F) {
	f.Add([]byte(written(f, k3stest.New(f).Access(f))))
	f.Add([]byte("apiVersion: v1\nkind: Config\nclusters: [{}]\nusers: [{}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		access, err := k3sapi.ParseKubeconfig(data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("the error is more than a line: %q", err)
			}
			return
		}
		again, err := k3sapi.ParseKubeconfig([]byte(written(t, access)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(access, again); diff != "" {
			t.Error(diff)
		}
	})
}
