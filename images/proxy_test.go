package images

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"holm/internal/run"
)

func TestABuildGetsOutAsTheOperatorDoes(t *testing.T) {
	for name, c := range map[string]struct {
		env, apt map[string]string
		want     []string
	}{
		"nobody says anything":          {},
		"the environment, in lower":     {env: map[string]string{"http_proxy": "http://a:1"}, want: []string{"http_proxy=http://a:1"}},
		"the environment, in upper":     {env: map[string]string{"HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:2", "NO_PROXY": "c"}, want: []string{"http_proxy=http://a:1", "https_proxy=http://b:2", "no_proxy=c"}},
		"lower goes first":              {env: map[string]string{"http_proxy": "http://a:1", "HTTP_PROXY": "http://b:2"}, want: []string{"http_proxy=http://a:1"}},
		"apt alone":                     {apt: map[string]string{"Acquire::http::Proxy": "http://u:p@a:1"}, want: []string{"http_proxy=http://u:p@a:1", "https_proxy=http://u:p@a:1"}},
		"the environment before apt":    {env: map[string]string{"all_proxy": "http://c:3"}, apt: map[string]string{"Acquire::http::Proxy": "http://a:1"}, want: []string{"all_proxy=http://c:3"}},
		"apt goes straight":             {apt: map[string]string{"Acquire::http::Proxy": "DIRECT"}},
		"what is no value of a program": {apt: map[string]string{"Acquire::http::Proxy": "http://a:1\nLD_PRELOAD=x"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := proxies(func(key string) string { return c.env[key] }, func(key string) string { return c.apt[key] })
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A mirror that there is not, and a proxy that knows it: apt finds its way there by the environment alone.
func TestAptReachesAMirrorThatOnlyTheProxyKnows(t *testing.T) {
	if _, err := run.Look("apt-get"); err != nil {
		t.Skip("no apt-get here")
	}
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "mirror.invalid" && strings.HasSuffix(r.URL.Path, "Release") {
			asked.Add(1)
		}
		http.NotFound(w, r)
	}))
	defer proxy.Close()
	for _, name := range []string{"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTP_PROXY", proxy.URL)
	_, err := fetchIndex(t.Context(), t.TempDir(), Mirror{Main: "http://mirror.invalid/debian", Security: "http://mirror.invalid/debian-security"}, "trixie")
	if err == nil {
		t.Fatal("there is no such mirror")
	}
	if asked.Load() == 0 {
		out, _ := run.Command(t.Context(), "apt-config", "shell", "value", "Acquire::http::Proxy")
		if len(out) > 0 {
			t.Skip("apt on this host has a proxy of its own")
		}
		t.Errorf("nobody has asked the proxy: %v", err)
	}
}
