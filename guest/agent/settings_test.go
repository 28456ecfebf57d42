package agent

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		want    []setting
		says    string
	}{
		"nothing":                 {"", nil, ""},
		"comments and empty ones": {"# a\n; b = c\n\n  \n", nil, ""},
		"dots":                    {"kernel.kptr_restrict = 2\n", []setting{{key: "kernel.kptr_restrict", file: "kernel/kptr_restrict", value: "2"}}, ""},
		"slashes":                 {"net/ipv4/conf/eth0.1/forwarding=1", []setting{{key: "net/ipv4/conf/eth0.1/forwarding", file: "net/ipv4/conf/eth0.1/forwarding", value: "1"}}, ""},
		"an interface with a dot": {"net.ipv4.conf.eth0/1.forwarding = 0", []setting{{key: "net.ipv4.conf.eth0/1.forwarding", file: "net/ipv4/conf/eth0.1/forwarding", value: "0"}}, ""},
		"a value of words":        {"net.ipv4.ping_group_range = 0 2147483647 ", []setting{{key: "net.ipv4.ping_group_range", file: "net/ipv4/ping_group_range", value: "0 2147483647"}}, ""},
		"a value with a sign":     {"kernel.core_pattern=|/bin/false =", []setting{{key: "kernel.core_pattern", file: "kernel/core_pattern", value: "|/bin/false ="}}, ""},
		"one that may fail":       {"-kernel.x = 1", []setting{{key: "kernel.x", file: "kernel/x", value: "1", optional: true}}, ""},
		"no value":                {"kernel.x =", []setting{{key: "kernel.x", file: "kernel/x"}}, ""},
		"no sign":                 {"\nkernel.x", nil, `line 2 is no setting: "kernel.x"`},
		"no key":                  {" = 1", nil, "line 1"},
		"one that climbs":         {"../../etc/passwd = x", nil, "line 1"},
		"one that climbs by dots": {"kernel.//.x = 1", nil, "line 1"},
		"one that climbs inside":  {"kernel/../../../etc/shadow = x", nil, "line 1"},
		"a path from the root":    {"/etc/passwd = x", nil, "line 1"},
		"the folder itself":       {". = 1", nil, "line 1"},
		"a pattern":               {"net.ipv4.conf.*.rp_filter = 1", nil, "line 1"},
		"a zero":                  {"kernel.\x00x = 1", nil, "line 1"},
		"a very long line":        {strings.Repeat("x", 1000), nil, `line 1 is no setting: "` + strings.Repeat("x", 80) + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseSettings(c.content)
			wantError(t, err, c.says)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(setting{})); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add("kernel.kptr_restrict = 2\n-a/b = c\n")
	f.Add("a./../b=1\n.=\n/=/\n")
	f.Fuzz(func(t *testing.T, content string) {
		all, err := parseSettings(content)
		if err != nil && len(all) > 0 {
			t.Errorf("there are %d settings and %v", len(all), err)
		}
		for _, s := range all {
			if path := filepath.Join("/proc/sys", s.file); !strings.HasPrefix(path, "/proc/sys/") || strings.Contains(s.value, "\n") {
				t.Errorf("%q would be written to %s: %q", s.key, path, s.value)
			}
		}
	})
}

func TestSettingsAreMade(t *testing.T) {
	for name, c := range map[string]struct{ content, want, says string }{
		"one":                           {"kernel.kptr_restrict = 2", "2\n", ""},
		"the last one wins":             {"kernel.kptr_restrict = 1\nkernel/kptr_restrict = 2", "2\n", ""},
		"one that the kernel has not":   {"kernel.kptr_restrict = 1\nkernel.nonsense = 1", "1\n", settingsFile + ": this kernel has no setting kernel.nonsense"},
		"one that need not be":          {"-kernel.nonsense = 1\nkernel.kptr_restrict = 2", "2\n", ""},
		"one that is a folder":          {"kernel = 1", "0\n", settingsFile + `: set kernel to "1"`},
		"nothing when one is malformed": {"kernel.kptr_restrict = 2\nrubbish", "0\n", settingsFile + ": line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			a := seeded(t)
			put(t, a.Root, settingsFile, c.content, 0o644)
			wantError(t, a.applySettings(), c.says)
			if got := read(t, a.Root, "/proc/sys/kernel/kptr_restrict"); got != c.want {
				t.Errorf("the setting is %q, want %q", got, c.want)
			}
		})
	}
}
