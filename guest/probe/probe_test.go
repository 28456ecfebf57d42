package probe

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
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
			if !slices.Contains([]string{Plain, Docker, K3s}, profile) {
				t.Errorf("%s belongs to %q, which is no profile", c.ID, profile)
			}
		}
	}
}

func TestEveryProfileHasTheSystemsChecks(t *testing.T) {
	var system []string
	for _, c := range systemChecks() {
		system = append(system, c.ID)
	}
	for _, profile := range []string{Plain, Docker, K3s} {
		ids := IDs(profile)
		if len(ids) < len(system) {
			t.Fatalf("%s has %v", profile, ids)
		}
		if diff := cmp.Diff(system, ids[:len(system)]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", profile, diff)
		}
	}
	if ids := IDs("other"); ids != nil {
		t.Errorf("a profile that is none has %v", ids)
	}
}

func TestRunTellsEachCheckBeforeItAndWhatCameOfIt(t *testing.T) {
	var told []string
	check := func(id string, result Result) Check {
		return Check{ID: id, Try: func(_ context.Context, env *Env) Result {
			if env.User != "ops" || told[len(told)-1] != id {
				t.Errorf("%s is tried for %q after %v", id, env.User, told)
			}
			return result
		}}
	}
	got := Run(t.Context(), &Env{User: "ops"}, []Check{
		check("one", passed("tried one", "found %d", 1)),
		check("two", failed("tried two", "found %d", 2)),
		check("three", inconclusive("tried three", "found %d", 3)),
	}, func(id string) { told = append(told, id) })
	for i := range got {
		got[i].Millis = 0
	}
	want := []report.Check{
		{ID: "one", Outcome: report.Passed, Tried: "tried one", Found: "found 1"},
		{ID: "two", Outcome: report.Failed, Tried: "tried two", Found: "found 2"},
		{ID: "three", Outcome: report.Inconclusive, Tried: "tried three", Found: "found 3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
}

func TestWhatThereWasNoTimeForIsInconclusive(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	first := Check{ID: "first", Try: func(context.Context, *Env) Result {
		cancel()
		return passed("", "")
	}}
	never := Check{ID: "never", Try: func(context.Context, *Env) Result {
		t.Error("it was tried")
		return passed("", "")
	}}
	got := Run(ctx, &Env{}, []Check{first, never}, func(string) {})
	if len(got) != 2 || got[0].Outcome != report.Passed || got[1].Outcome != report.Inconclusive {
		t.Errorf("checks are %+v", got)
	}
}

func TestAnAttemptThatIsNoneIsRefused(t *testing.T) {
	var out bytes.Buffer
	if err := Attempt(t.Context(), "rm", []string{"-rf"}, &out); err == nil || !strings.Contains(err.Error(), `"rm"`) || out.Len() > 0 {
		t.Errorf("error is %v, it wrote %q", err, &out)
	}
}
