package probe

import (
	"strings"
	"testing"
)

func FuzzDockerListeners(f *testing.F) {
	f.Add([]byte("  sl  local_address rem_address   st\n   0: 0100007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 20554 1\n"))
	f.Add([]byte("0: 00000000000000000000000001000000:0016 x 0A 1 2 3 4 5 7\n0: 01:0016 x 0A 1 2 3 4 5 7\n0: : x 0A 1 2 3 4 5 7\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, l := range parseDockerListeners(content) {
			if !l.address.IsValid() || l.inode == "" {
				t.Errorf("%q: %+v", content, l)
			}
		}
	})
}

func FuzzDockerIDs(f *testing.F) {
	f.Add([]byte("         0       1000          1\n         1     100000      65536\n"))
	f.Add([]byte("0 0 4294967296\n-1 0 0\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		rows, err := parseDockerIDs(content)
		if lines := strings.Count(strings.TrimSuffix(string(content), "\n"), "\n"); err == nil && len(content) > 0 && len(rows) != lines+1 {
			t.Errorf("%d rows of %q", len(rows), content)
		}
	})
}

// No key leads out of /proc/sys.
func FuzzSysctls(f *testing.F) {
	f.Add([]byte("# comment\nkernel.kptr_restrict = 2\nnet.ipv4.conf.all.rp_filter=1\n"))
	f.Add([]byte("kernel/../../x = 1\n-kernel.x = 1\nkernel..x=1\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		all, err := parseSysctls(content)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, s := range all {
			if seen[s.key] || strings.ContainsAny(s.key, "/\x00") || strings.Contains(s.key, "..") || strings.Contains(s.value, "\n") {
				t.Errorf("%q: %+v", content, s)
			}
			seen[s.key] = true
		}
	})
}
