package verify

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/probe"
	"holm/guest/probe/checks"
)

var update = flag.Bool("update", false, "write the list of checks into docs/HARDENING.md")

// The list of checks in the documents is written by this test, so that it cannot differ from what is tried.
func TestTheDocumentedListIsWhatIsTried(t *testing.T) {
	const file = "../../docs/HARDENING.md"
	const begin, end = "<!-- checks: go test ./provisioner/verify -update -->\n", "<!-- end of checks -->\n"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), begin)
	listed, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the list of checks", file)
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+list()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(listed, list()); diff != "" {
		t.Errorf("renew it with go test ./provisioner/verify -update (-documented +tried):\n%s", diff)
	}
}

// list is every check as a table: those of all profiles, of Docker, of k3s, and the host's own.
func list() string {
	var b strings.Builder
	b.WriteString("| check | side | what holds | source |\n|---|---|---|---|\n")
	row := func(id, who, promise, source string) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", id, who, promise, source)
	}
	var seen []string
	for _, profile := range []string{probe.Plain, probe.Docker, probe.K3s} {
		who := "guest"
		if profile != probe.Plain {
			who += ", " + profile
		}
		for _, c := range checks.For(profile) {
			if !slices.Contains(seen, c.ID) {
				seen = append(seen, c.ID)
				row(c.ID, who, c.Promise, c.Source)
			}
		}
	}
	for _, r := range rules() {
		row(r.id, string(r.side), r.promise, r.source)
	}
	return b.String()
}
