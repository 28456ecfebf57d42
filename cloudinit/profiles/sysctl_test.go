package profiles

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// values are a profile's settings by key, as the guest gets them.
func values(t *testing.T, profile string) map[string]string {
	t.Helper()
	all, err := parseSysctls(content(t, profile, "/etc/sysctl.d/90-holm.conf"))
	if err != nil {
		t.Fatal(err)
	}
	byKey := map[string]string{}
	for _, s := range all {
		byKey[s.Key] = s.Value
	}
	return byKey
}

func TestEverySettingHasAReason(t *testing.T) {
	for _, profile := range everyProfile() {
		for _, s := range newSysctls(profile) {
			if s.Why == "" {
				t.Errorf("%s: %s has none", profile, s.Key)
			}
		}
	}
}

// TestProfilesDifferOnlyWhereContainersNeedIt holds what the profiles of containers give up against plain: a setting
// that turns up here weakens one of them.
func TestProfilesDifferOnlyWhereContainersNeedIt(t *testing.T) {
	plain := values(t, Plain)
	for profile, want := range map[string]map[string]string{
		Docker: {"kernel.unprivileged_userns_clone": "1", "net.ipv4.ip_unprivileged_port_start": "80"},
		K3s: {
			"kernel.keys.root_maxbytes": "25000000", "kernel.keys.root_maxkeys": "1000000", "kernel.panic": "10",
			"net.bridge.bridge-nf-call-iptables": "1", "net.ipv4.ip_forward": "1",
			"vm.overcommit_memory": "1", "vm.panic_on_oom": "0",
		},
	} {
		own, got := values(t, profile), map[string]string{}
		for key, value := range own {
			if plain[key] != value {
				got[key] = value
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s against plain (-want +got):\n%s", profile, diff)
		}
		for key := range plain {
			if _, ok := own[key]; !ok {
				t.Errorf("%s lacks %s", profile, key)
			}
		}
	}
}

func TestSettingsThatAreNotOneLineAreNotWritten(t *testing.T) {
	for name, settings := range map[string][]sysctl{
		"a second line in a value":     {{Key: "kernel.sysrq", Value: "0\nkernel.modules_disabled = 0"}},
		"a second line in a key":       {{Key: "kernel.sysrq\nkernel.x", Value: "0"}},
		"an empty value":               {{Key: "kernel.sysrq", Value: ""}},
		"blanks around a value":        {{Key: "kernel.sysrq", Value: " 0"}},
		"a tab in a value":             {{Key: "kernel.printk", Value: "4\t4"}},
		"a setting that may fail":      {{Key: "-kernel.sysrq", Value: "0"}},
		"a comment":                    {{Key: "# kernel.sysrq", Value: "0"}},
		"a pattern":                    {{Key: "net.ipv4.conf.*.rp_filter", Value: "1"}},
		"a way out of /proc/sys":       {{Key: "../kernel.sysrq", Value: "0"}},
		"the same key twice":           {{Key: "kernel.sysrq", Value: "0"}, {Key: "kernel.sysrq", Value: "1"}},
		"a key of one word":            {{Key: "kernel", Value: "0"}},
		"bytes that are not UTF-8":     {{Key: "kernel.core_pattern", Value: "|/bin/\xff"}},
		"letters that are not of ours": {{Key: "kernel.core_pattern", Value: "|/bin/ø"}},
	} {
		if text, err := encodeSysctls(settings); err == nil {
			t.Errorf("%s went through: %q", name, text)
		}
	}
}

// FuzzParseSysctls: what is read is what would be written, and nothing else is read.
func FuzzParseSysctls(f *testing.F) {
	f.Add([]byte("kernel.sysrq = 0\nnet.ipv4.ping_group_range = 0 2147483647\n"))
	f.Add([]byte("net.bridge.bridge-nf-call-iptables = 1\n"))
	f.Add([]byte("kernel.sysrq = 0"))
	f.Add([]byte("kernel.sysrq=0\n"))
	f.Add([]byte("a.b = c = d\n# x\n"))
	f.Add([]byte("a.b = \x00\n\na.b = 1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		settings, err := parseSysctls(text)
		if err != nil {
			return
		}
		var again bytes.Buffer
		for _, s := range settings {
			again.WriteString(s.Key + " = " + s.Value + "\n")
		}
		if !bytes.Equal(text, again.Bytes()) {
			t.Fatalf("%q was read as %+v", text, settings)
		}
		sorted, err := encodeSysctls(settings)
		if err != nil {
			t.Fatalf("%q was read and cannot be written: %v", text, err)
		}
		back, err := parseSysctls(sorted)
		if err != nil || !slices.IsSortedFunc(back, func(a, b sysctl) int { return bytes.Compare([]byte(a.Key), []byte(b.Key)) }) {
			t.Fatalf("%q was written as %q: %v", text, sorted, err)
		}
	})
}
