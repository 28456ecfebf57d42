package clitest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/atomicfile"
	"holm/internal/term"
)

// Outcome is what a command line left behind.
type Outcome struct {
	Code     int
	Out, Err string
}

// Terminal makes the streams those of a person who types answer.
func Terminal(answer string) func(*term.Streams) {
	return func(s *term.Streams) {
		s.InTerminal, s.OutTerminal, s.ErrTerminal, s.In = true, true, true, strings.NewReader(answer)
	}
}

// Update has golden files and scripts rewritten.
var Update = flag.Bool("update", false, "rewrite the golden files and scripts")

// Golden compares got with testdata/golden/<name>.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *Update {
		if err := atomicfile.WriteBytes(path, 0o644, []byte(got)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}
