package procfs

import (
	"strings"
	"testing"
)

func FuzzParseListeners(f *testing.F) {
	f.Add([]byte("  sl  local_address rem_address   st\n   0: 0100007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 20554 1\n"))
	f.Add([]byte("0: 00000000000000000000000001000000:0016 x 0A 1 2 3 4 5 7\n0: 01:0016 x 0A 1 2 3 4 5 7\n0: : x 0A 1 2 3 4 5 7\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, l := range ParseListeners(content) {
			if !l.Address.IsValid() || l.Inode == "" {
				t.Errorf("%q: %+v", content, l)
			}
		}
	})
}

func FuzzParseStatus(f *testing.F) {
	f.Add([]byte("Name:\tx\nUid:\t0\t0\t0\t0\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if s, err := ParseStatus(content); err == nil && !strings.Contains(string(content), "Seccomp:") {
			t.Errorf("%+v out of %q", s, content)
		}
	})
}
