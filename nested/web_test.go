//go:build nested

package nested

import (
	"strings"
	"sync"
	"testing"
)

// web is the instance that the tests share. Plain is the profile, for it boots fastest.
const web = "web"

var (
	webOnce sync.Once
	created outcome
)

// needWeb makes web for the first test that needs it.
func needWeb(t *testing.T) {
	t.Helper()
	webOnce.Do(func() {
		// A box that was kept has it.
		if created = host.do(t.Context(), "holm wait "+web+" --timeout 20m"); created.code != 4 {
			return
		}
		created = host.do(t.Context(), "holm create "+web+" --flavor tiny --disk 1G --profile plain --pool "+pool+" --timeout 20m")
	})
	if created.code != 0 {
		logs := host.do(t.Context(), "holm logs "+web+" | tail -c 2000")
		t.Fatalf("create %s: exit %d\n%s\nits console:\n%s", web, created.code, created.stderr, logs.stdout)
	}
}

// inWeb runs a line in a shell of the instance's and returns what it printed.
func inWeb(t *testing.T, line string) string {
	t.Helper()
	return sh(t, "holm exec "+web+" -- sh -ec "+quote(line))
}

// quote makes a text one word of a shell's.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
