package images

import (
	"context"
	"os"
	"strings"

	"holm/internal/run"
)

// proxyEnv hands on how the operator gets out: by what the environment says of proxies, in either case of letters, else by
// what the host's apt is set up with, which mmdebstrap does not look at. A URL may hold a password: it goes into the
// environment of the one program, and into no argument.
func proxyEnv(ctx context.Context) []string {
	return proxies(os.Getenv, func(key string) string {
		out, err := run.Command(ctx, "apt-config", "shell", "value", key)
		if err != nil {
			return ""
		}
		// apt-config quotes for the shell: value='http://proxy.example:3128'
		_, quoted, _ := strings.Cut(strings.TrimSpace(string(out)), "=")
		return strings.ReplaceAll(strings.Trim(quoted, "'"), `'\''`, "'")
	})
}

// proxies is the environment for a program that reads the names in lower case, as apt does.
func proxies(getenv, apt func(string) string) []string {
	found := map[string]string{}
	for _, name := range []string{"http_proxy", "https_proxy", "all_proxy", "no_proxy"} {
		if found[name] = getenv(name); found[name] == "" {
			found[name] = getenv(strings.ToUpper(name))
		}
	}
	if found["http_proxy"] == "" && found["https_proxy"] == "" && found["all_proxy"] == "" {
		found["http_proxy"], found["https_proxy"] = apt("Acquire::http::Proxy"), apt("Acquire::https::Proxy")
		if found["https_proxy"] == "" {
			found["https_proxy"] = found["http_proxy"] // as apt does
		}
	}
	var env []string
	for _, name := range []string{"http_proxy", "https_proxy", "all_proxy", "no_proxy"} {
		if value := found[name]; value != "" && !strings.EqualFold(value, "DIRECT") && !strings.ContainsAny(value, "\n\x00") {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// wayOut is the remedy when Debian cannot be reached.
const wayOut = "check the network, the mirror in /etc/apt/sources.list, and the proxy: http_proxy and https_proxy in your environment " +
	"(sudo --preserve-env=http_proxy,https_proxy holm …), or Acquire::http::Proxy in /etc/apt/apt.conf.d"
