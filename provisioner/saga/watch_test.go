package saga_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/provisioner/saga"
)

func TestWhoeverWatchesHearsEveryPhase(t *testing.T) {
	n := &notebook{}
	clock := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	tick := func(s saga.Step) saga.Step {
		do := s.Do
		s.Do = func(ctx context.Context) error { clock = clock.Add(time.Second); return do(ctx) }
		return s
	}
	var heard []string
	inside := false
	r := saga.Runner{
		Journal: n,
		Now:     func() time.Time { return clock },
		Observe: func(e saga.Event) {
			if inside {
				t.Error("called from two goroutines at once")
			}
			inside = true
			heard = append(heard, strings.TrimSpace(fmt.Sprintf("%s %s %s %s undoing=%t %v", e.Operation, e.Step, e.Phase, e.Elapsed, e.Undoing, e.Err)))
			inside = false
		},
	}
	_, err := r.Run(t.Context(), create(), []saga.Stage{
		{tick(n.step("network"))}, {tick(stuck(n.step("volume"), errBoom))}, {failing(n.step("start"), errBoom)},
	})
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		"1 network begun 0s undoing=false <nil>", "1 network finished 1s undoing=false <nil>",
		"1 volume begun 0s undoing=false <nil>", "1 volume finished 1s undoing=false <nil>",
		"1 start begun 0s undoing=false <nil>", "1 start broken 0s undoing=false boom",
		"1 start undone 0s undoing=true <nil>", "1 volume broken 0s undoing=true boom", "1 network undone 0s undoing=true <nil>",
	}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestWhoeverWatchesIsCalledByOneAtATime(t *testing.T) {
	n := &notebook{}
	var stage saga.Stage
	for i := range 20 {
		stage = append(stage, n.step(fmt.Sprint("s", i)))
	}
	count := 0 // unprotected: the race detector is the judge
	r := saga.Runner{Journal: n, Observe: func(saga.Event) { count++ }}
	if _, err := r.Run(t.Context(), create(), []saga.Stage{stage}); err != nil {
		t.Fatal(err)
	}
	if count != 40 {
		t.Errorf("heard %d events, want 40", count)
	}
}
