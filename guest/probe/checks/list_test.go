package checks

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/probe"
	"holm/guest/probe/system"
)

func TestEveryCheckSaysWhatItIs(t *testing.T) {
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, c := range all() {
		if !id.MatchString(c.ID) || seen[c.ID] {
			t.Errorf("%q is no id, or is there twice", c.ID)
		}
		seen[c.ID] = true
		if c.Source == "" || c.Try == nil || !strings.HasSuffix(c.Promise, ".") {
			t.Errorf("%s lacks a source, a promise or an attempt", c.ID)
		}
		if len(c.Profiles) == 0 {
			t.Errorf("%s belongs to no profile", c.ID)
		}
		for _, profile := range c.Profiles {
			if !slices.Contains([]string{probe.Plain, probe.Docker, probe.K3s}, profile) {
				t.Errorf("%s belongs to %q, which is no profile", c.ID, profile)
			}
		}
	}
}

func TestEveryProfileHasTheSystemsChecks(t *testing.T) {
	var ofSystem []string
	for _, c := range system.Checks() {
		ofSystem = append(ofSystem, c.ID)
	}
	for _, profile := range []string{probe.Plain, probe.Docker, probe.K3s} {
		ids := IDs(profile)
		if len(ids) < len(ofSystem) {
			t.Fatalf("%s has %v", profile, ids)
		}
		if diff := cmp.Diff(ofSystem, ids[:len(ofSystem)]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", profile, diff)
		}
	}
	if ids := IDs("other"); ids != nil {
		t.Errorf("a profile that is none has %v", ids)
	}
}

func TestAnAttemptThatIsNoneIsRefused(t *testing.T) {
	var out bytes.Buffer
	if err := Attempt(t.Context(), "rm", []string{"-rf"}, &out); err == nil || !strings.Contains(err.Error(), `"rm"`) || out.Len() > 0 {
		t.Errorf("error is %v, it wrote %q", err, &out)
	}
}
