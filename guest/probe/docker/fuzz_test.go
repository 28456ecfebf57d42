package docker

import (
	"strings"
	"testing"
)

func FuzzParseIDs(f *testing.F) {
	f.Add([]byte("         0       1000          1\n         1     100000      65536\n"))
	f.Add([]byte("0 0 4294967296\n-1 0 0\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		rows, err := parseIDs(content)
		if lines := strings.Count(strings.TrimSuffix(string(content), "\n"), "\n"); err == nil && len(content) > 0 && len(rows) != lines+1 {
			t.Errorf("%d rows of %q", len(rows), content)
		}
	})
}
