package system

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"holm/guest/probe"
	"holm/guest/report"
)

func systemSysctl() probe.Check {
	return probe.Check{
		ID:      "sysctl",
		Source:  "KSPP, lynis KRNL-6000",
		Promise: "Every kernel setting of the profile has its value, and the ones that must not be missing are strict.",
		Try: func(context.Context, *probe.Env) probe.Result {
			return trySysctl("/etc/sysctl.d/90-holm.conf", "/proc/sys")
		},
	}
}

// leastSysctls are what any set of settings has to hold: keys and the least number. Other checks attempt what these
// forbid as far as it can be attempted; they are named here so that an emptied or weakened file is noticed.
func leastSysctls() map[string]int {
	return map[string]int{
		"fs.protected_fifos":               1,
		"fs.protected_hardlinks":           1,
		"fs.protected_regular":             1,
		"fs.protected_symlinks":            1,
		"kernel.dmesg_restrict":            1,
		"kernel.kptr_restrict":             1,
		"kernel.perf_event_paranoid":       3,
		"kernel.randomize_va_space":        2,
		"kernel.unprivileged_bpf_disabled": 1,
		"kernel.yama.ptrace_scope":         1,
		"net.core.bpf_jit_harden":          2,
		"net.ipv4.tcp_syncookies":          1,
	}
}

// trySysctl compares the live settings below proc with the ones that a file asks for. There is nothing to attempt: the
// setting is the promise.
func trySysctl(file, proc string) probe.Result {
	tried := "compare /proc/sys with " + filepath.Base(file)
	content, err := os.ReadFile(file)
	if err != nil {
		return probe.Failed(tried, "%v", err)
	}
	wanted, err := parseSysctls(content)
	if err != nil {
		return probe.Failed(tried, "%s: %v", file, err)
	}
	if bad := weakSysctls(wanted); len(bad) > 0 {
		return probe.Failed(tried, "%s asks for too little: %s", filepath.Base(file), strings.Join(bad, ", "))
	}
	if bad := otherSysctls(wanted, proc); len(bad) > 0 {
		return probe.Failed(tried, "%s", strings.Join(bad, ", "))
	}
	return probe.Result{Outcome: report.Passed, Tried: tried, Found: fmt.Sprintf("%d settings as asked for", len(wanted))}
}

// sysctl is one line of a sysctl.d(5) file.
type sysctl struct{ key, value string }

// parseSysctls reads a sysctl.d(5) file as holm writes it: "key = value" lines and comments, no patterns and no lines
// that may fail, each key once.
func parseSysctls(content []byte) ([]sysctl, error) {
	var all []sysctl
	for line := range bytes.Lines(content) {
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		key, value, ok := strings.Cut(text, "=")
		key, value = strings.TrimSpace(key), strings.Join(strings.Fields(value), " ")
		if !ok || !plainKey.MatchString(key) {
			return nil, fmt.Errorf("%q is no setting", text)
		}
		if slices.ContainsFunc(all, func(s sysctl) bool { return s.key == key }) {
			return nil, fmt.Errorf("%s is there twice", key)
		}
		all = append(all, sysctl{key: key, value: value})
	}
	return all, nil
}

// plainKey is words joined by dots, so that it cannot lead out of /proc/sys.
var plainKey = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_-]*(\.[a-zA-Z0-9_-]+)+$`)

// weakSysctls names what a file lacks of the settings that must not be missing.
func weakSysctls(wanted []sysctl) []string {
	values := map[string]string{}
	for _, s := range wanted {
		values[s.key] = s.value
	}
	var bad []string
	for key, least := range leastSysctls() {
		switch number, err := strconv.Atoi(values[key]); {
		case values[key] == "":
			bad = append(bad, "no "+key)
		case err != nil || number < least:
			bad = append(bad, fmt.Sprintf("%s is %q, at least %d is needed", key, values[key], least))
		}
	}
	slices.Sort(bad)
	return bad
}

// otherSysctls names the settings that have another value than asked for, or none.
func otherSysctls(wanted []sysctl, proc string) []string {
	var bad []string
	for _, s := range wanted {
		live, err := os.ReadFile(filepath.Join(proc, strings.ReplaceAll(s.key, ".", "/")))
		if err != nil {
			bad = append(bad, systemTried(s.key, err).String())
			continue
		}
		if got := strings.Join(strings.Fields(string(live)), " "); got != s.value {
			bad = append(bad, fmt.Sprintf("%s is %q, not %q", s.key, got, s.value))
		}
	}
	return bad
}
