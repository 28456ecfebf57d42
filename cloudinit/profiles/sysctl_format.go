package profiles

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// sysctl is one of the kernel's settings.
type sysctl struct {
	Key   string // names joined by dots: net.ipv4.tcp_syncookies
	Value string // one line, its words parted by single blanks
	Why   string // for who reads the table; it does not reach the guest
}

var (
	sysctlKey   = regexp.MustCompile(`^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$`)
	sysctlValue = regexp.MustCompile(`^[!-~]+( [!-~]+)*$`)
)

// encodeSysctls writes settings as a file of sysctl.d(5), sorted by key, reads it back and compares. Reasons stay out,
// to keep the seed small.
func encodeSysctls(settings []sysctl) ([]byte, error) {
	want := make([]sysctl, 0, len(settings))
	var text bytes.Buffer
	for _, s := range slices.SortedFunc(slices.Values(settings), func(a, b sysctl) int { return cmp.Compare(a.Key, b.Key) }) {
		text.WriteString(s.Key + " = " + s.Value + "\n")
		want = append(want, sysctl{Key: s.Key, Value: s.Value})
	}
	back, err := parseSysctls(text.Bytes())
	if err != nil {
		return nil, fmt.Errorf("it does not read back: %w", err)
	}
	if !slices.Equal(want, back) {
		return nil, fmt.Errorf("it reads back as something else: nothing was written")
	}
	return text.Bytes(), nil
}

// parseSysctls reads what encodeSysctls writes, and nothing more of sysctl.d(5): no comments, no patterns, no setting
// that may fail, no key twice.
func parseSysctls(text []byte) ([]sysctl, error) {
	var all []sysctl
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		setting, whole := strings.CutSuffix(line, "\n")
		key, value, ok := strings.Cut(setting, " = ")
		switch {
		case !whole || !ok || !sysctlKey.MatchString(key) || !sysctlValue.MatchString(value):
			return nil, fmt.Errorf("line %d is no setting: %.80q", len(all)+1, line)
		case seen[key]:
			return nil, fmt.Errorf("line %d sets %s again", len(all)+1, key)
		}
		seen[key] = true
		all = append(all, sysctl{Key: key, Value: value})
	}
	return all, nil
}
