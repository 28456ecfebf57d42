package holm

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	released = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
	between  = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+~dev$`)
)

func TestTheVersionIsAReleaseOrOnTheWayToOne(t *testing.T) {
	if n := Number(); !released.MatchString(n) && !between.MatchString(n) {
		t.Errorf("VERSION is %q: it has to be 1.2.3 or 1.2.3~dev", n)
	}
}

func TestAVersionNamesItsCommitBetweenReleases(t *testing.T) {
	defer func(was string) { number = was }(number)
	at := time.Date(2026, 12, 1, 3, 4, 5, 0, time.FixedZone("", 3600))
	for name, c := range map[string]struct {
		number, revision string
		modified         bool
		want             string
	}{
		"a release is its number":                {"1.2.3\n", "0123456789abcdef", false, "1.2.3"},
		"a release that was changed is none":     {"1.2.3\n", "0123456789abcdef", true, "1.2.3+modified"},
		"between releases stands the commit":     {"1.2.3~dev\n", "0123456789abcdef", false, "1.2.3~dev+20261201020405.g0123456789ab"},
		"and whether the source was changed":     {"1.2.3~dev\n", "0123456789abcdef", true, "1.2.3~dev+20261201020405.g0123456789ab+modified"},
		"a commit that nobody knows is not told": {"1.2.3~dev\n", "", false, "1.2.3~dev"},
		"a short commit is told whole":           {"1.2.3~dev\n", "0123", false, "1.2.3~dev+20261201020405.g0123"},
	} {
		t.Run(name, func(t *testing.T) {
			number = c.number
			if got := Version(c.revision, at, c.modified); got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
		})
	}
}

// A package of a later commit takes the place of an earlier one's, and a release that of all on the way to it.
func TestDpkgTakesALaterVersionForLater(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("dpkg is missing")
	}
	order := []string{
		"0.0.9", "0.1.0~dev", "0.1.0~dev+20261201020405.gffffffffffff", "0.1.0~dev+20261201020405.gffffffffffff+modified",
		"0.1.0~dev+20261202000000.g000000000000", "0.1.0", "0.1.0+modified", "0.1.1~dev", "0.1.1",
	}
	for i := range order[1:] {
		if err := exec.Command("dpkg", "--compare-versions", order[i], "lt", order[i+1]).Run(); err != nil {
			t.Errorf("%s does not come before %s", order[i], order[i+1])
		}
	}
}

func TestTheScriptSaysTheSameOfAWorkingTree(t *testing.T) {
	git := func(args ...string) string {
		out, err := exec.Command("git", args...).Output()
		if err != nil {
			t.Skipf("this is no working tree of git: %v", err)
		}
		return strings.TrimSpace(string(out))
	}
	seconds := git("log", "-1", "--format=%cI")
	at, err := time.Parse(time.RFC3339, seconds)
	if err != nil {
		t.Fatal(err)
	}
	want := Version(git("rev-parse", "HEAD"), at, git("status", "--porcelain", "--untracked-files=no") != "")
	got, err := exec.Command("hack/version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(got)) != want {
		t.Errorf("hack/version says %q, and the binary would say %q", got, want)
	}
}
