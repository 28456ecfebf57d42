package probe

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
)

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
		check("one", Passed("tried one", "found %d", 1)),
		check("two", Failed("tried two", "found %d", 2)),
		check("three", Inconclusive("tried three", "found %d", 3)),
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
		return Passed("", "")
	}}
	never := Check{ID: "never", Try: func(context.Context, *Env) Result {
		t.Error("it was tried")
		return Passed("", "")
	}}
	got := Run(ctx, &Env{}, []Check{first, never}, func(string) {})
	if len(got) != 2 || got[0].Outcome != report.Passed || got[1].Outcome != report.Inconclusive {
		t.Errorf("checks are %+v", got)
	}
}
