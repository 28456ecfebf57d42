package saga_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/provisioner/model"
	"holm/provisioner/saga"
)

func TestUndoUndoesWhatTheJournalSaysHadBegun(t *testing.T) {
	for _, status := range []model.Status{model.Running, model.Undoing, model.Stuck} {
		t.Run(string(status), func(t *testing.T) {
			n := &notebook{}
			stages := []saga.Stage{{n.step("network")}, {n.step("volume")}, {n.step("start")}}
			left := create()
			left.Status, left.Steps = status, []string{"network", "volume"}
			r := saga.Runner{Journal: n}
			op, err := r.Undo(t.Context(), left, stages)
			if err != nil {
				t.Fatal(err)
			}
			n.want(t, "journal undoing [network volume]", "undo volume", "undo network", "journal undone [network volume]")
			if op.Status != model.Undone || op.Ended.IsZero() || op.Error != "interrupted" {
				t.Errorf("operation is %+v", op)
			}
			if again, err := r.Undo(t.Context(), op, stages); err != nil || len(n.lines) != 4 {
				t.Errorf("undoing again: %v, %+v, %v", err, again, n.lines[4:])
			}
		})
	}
}

func TestUndoCarriesOnPastErrors(t *testing.T) {
	n := &notebook{}
	left := create()
	left.Status, left.Steps, left.Error = model.Running, []string{"network", "volume", "fancy", "seed"}, "the first reason"
	r := saga.Runner{Journal: n}
	op, err := r.Undo(t.Context(), left, []saga.Stage{{n.step("network")}, {stuck(n.step("volume"), errBoom), n.step("seed")}})
	failed, ok := errors.AsType[*saga.Failed](err)
	if !ok || !errors.Is(err, errBoom) {
		t.Fatalf("error is %v, want boom", err)
	}
	want := "create: not undone: volume: boom; not undone: fancy: this version does not know the step"
	if err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	if diff := cmp.Diff([]string{"seed", "network"}, failed.Undone); diff != "" {
		t.Errorf("undone (-want +got):\n%s", diff)
	}
	if op.Status != model.Stuck || op.Error != "the first reason" {
		t.Errorf("operation is %+v", op)
	}
}

func TestUndoRefusesWhatIsDone(t *testing.T) {
	n := &notebook{}
	done := create()
	done.Status, done.Steps = model.Done, []string{"network"}
	r := saga.Runner{Journal: n}
	if _, err := r.Undo(t.Context(), done, []saga.Stage{{n.step("network")}}); err == nil {
		t.Error("no error")
	}
	n.want(t)
}

func TestUndoStopsWithItsContextAndCanBeCalledAgain(t *testing.T) {
	n := &notebook{}
	left := create()
	left.Status, left.Steps = model.Running, []string{"network", "volume"}
	stages := []saga.Stage{{n.step("network")}, {n.step("volume")}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := saga.Runner{Journal: n}
	op, err := r.Undo(ctx, left, stages)
	if !errors.Is(err, context.Canceled) || op.Status != model.Stuck {
		t.Fatalf("error is %v, operation %s", err, op.Status)
	}
	if op, err = r.Undo(t.Context(), op, stages); err != nil || op.Status != model.Undone {
		t.Errorf("the second time: %v, operation %s", err, op.Status)
	}
}

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
