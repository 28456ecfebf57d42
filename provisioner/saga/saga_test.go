package saga_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/provisioner/model"
	"holm/provisioner/saga"
)

var errBoom = errors.New("boom")

// notebook is a journal and a world in one: it writes down in which order things happen.
type notebook struct {
	mu     sync.Mutex
	lines  []string
	last   model.Operation
	refuse func(op model.Operation) error // of the journal; nil accepts all
}

func (n *notebook) note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

func (n *notebook) PutOperation(ctx context.Context, op model.Operation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if n.refuse != nil {
		if err := n.refuse(op); err != nil {
			return err
		}
	}
	n.note("journal %s [%s]", op.Status, strings.Join(op.Steps, " "))
	op.Steps = slices.Clone(op.Steps)
	n.last = op
	return nil
}

// step writes down what it does.
func (n *notebook) step(name string) saga.Step {
	return saga.Step{
		Name: name,
		Do:   func(ctx context.Context) error { n.note("do %s", name); return ctx.Err() },
		Undo: func(ctx context.Context) error { n.note("undo %s", name); return ctx.Err() },
	}
}

func failing(s saga.Step, err error) saga.Step {
	do := s.Do
	s.Do = func(ctx context.Context) error { return errors.Join(do(ctx), err) }
	return s
}

func stuck(s saga.Step, err error) saga.Step {
	undo := s.Undo
	s.Undo = func(ctx context.Context) error { return errors.Join(undo(ctx), err) }
	return s
}

func create() model.Operation {
	return model.Operation{ID: "1", Kind: "create", Instance: "0123456789ab"}
}

func (n *notebook) run(ctx context.Context, stages ...saga.Stage) (model.Operation, *saga.Failed, error) {
	r := saga.Runner{Journal: n}
	op, err := r.Run(ctx, create(), stages)
	failed, _ := errors.AsType[*saga.Failed](err)
	return op, failed, err
}

func (n *notebook) want(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, n.lines); diff != "" {
		t.Errorf("what happened (-want +got):\n%s", diff)
	}
}

func TestStepsAreJournaledBeforeTheyAct(t *testing.T) {
	n := &notebook{}
	op, _, err := n.run(t.Context(), saga.Stage{n.step("network")}, saga.Stage{}, saga.Stage{n.step("volume")})
	if err != nil {
		t.Fatal(err)
	}
	n.want(t,
		"journal running [network]", "do network",
		"journal running [network volume]", "do volume",
		"journal done [network volume]",
	)
	if op.Started.IsZero() || op.Ended.Before(op.Started) {
		t.Errorf("started %v, ended %v", op.Started, op.Ended)
	}
	if diff := cmp.Diff(n.last, op); diff != "" {
		t.Errorf("what is returned is not what was journaled (-journal +returned):\n%s", diff)
	}
}

func TestAStageIsJournaledInOneWrite(t *testing.T) {
	n := &notebook{}
	if _, _, err := n.run(t.Context(), saga.Stage{n.step("a"), n.step("b"), n.step("c")}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(n.lines[1:4]) // they run at the same time
	n.want(t, "journal running [a b c]", "do a", "do b", "do c", "journal done [a b c]")
}

func TestEachStepFailingInTurnUndoesWhatHadBegun(t *testing.T) {
	names := []string{"network", "volume", "seed", "define", "start"}
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			n := &notebook{}
			var stages []saga.Stage
			var want []string
			for j, other := range names {
				step := n.step(other)
				if j == i {
					step = failing(step, errBoom)
				}
				stages = append(stages, saga.Stage{step})
				if j <= i {
					want = append(want, fmt.Sprintf("journal running %v", names[:j+1]), "do "+other)
				}
			}
			want = append(want, fmt.Sprintf("journal undoing %v", names[:i+1]))
			for j := i; j >= 0; j-- {
				want = append(want, "undo "+names[j])
			}
			want = append(want, fmt.Sprintf("journal undone %v", names[:i+1]))

			op, failed, err := n.run(t.Context(), stages...)
			n.want(t, want...)
			if !errors.Is(err, errBoom) || failed == nil || failed.Step != name {
				t.Fatalf("error is %v, want boom of %s", err, name)
			}
			undone := slices.Clone(names[:i+1])
			slices.Reverse(undone)
			if diff := cmp.Diff(undone, failed.Undone); diff != "" {
				t.Errorf("undone (-want +got):\n%s", diff)
			}
			if want := "create: " + name + ": boom"; err.Error() != want {
				t.Errorf("error is %q, want %q", err, want)
			}
			if op.Status != model.Undone || op.Error != "boom" || op.Ended.IsZero() {
				t.Errorf("operation is %+v", op)
			}
		})
	}
}

func TestTheContextEndingInEachStepUndoesWhatHadBegun(t *testing.T) {
	reason := errors.New("ctrl-c")
	names := []string{"network", "volume", "seed"}
	for i, name := range names {
		for when, honest := range map[string]bool{"and the step says so": true, "and the step succeeds nevertheless": false} {
			t.Run(name+" "+when, func(t *testing.T) {
				n := &notebook{}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				var stages []saga.Stage
				for j, other := range names {
					step := n.step(other)
					if j == i {
						step.Do = func(ctx context.Context) error {
							cancel(reason)
							if honest {
								return ctx.Err()
							}
							return nil
						}
					}
					stages = append(stages, saga.Stage{step})
				}
				op, failed, err := n.run(ctx, stages...)
				if !honest && i == len(names)-1 {
					if err != nil || op.Status != model.Done {
						t.Errorf("all was done, and yet: %v, %s", err, op.Status)
					}
					return
				}
				if !errors.Is(err, reason) {
					t.Fatalf("error is %v, want the cause of the context", err)
				}
				if len(failed.Undone) != i+1 || len(failed.LeftBehind) != 0 || op.Status != model.Undone {
					t.Errorf("undone %v, left behind %v, %s", failed.Undone, failed.LeftBehind, op.Status)
				}
				if n.last.Status != model.Undone {
					t.Errorf("the journal says %s", n.last.Status)
				}
			})
		}
	}
}

func TestAContextThatEndedBeforeBeginsNothing(t *testing.T) {
	n := &notebook{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, failed, err := n.run(ctx, saga.Stage{n.step("network")})
	if !errors.Is(err, context.Canceled) || len(failed.Undone) != 0 {
		t.Errorf("error is %v, undone %v", err, failed.Undone)
	}
	n.want(t, "journal undoing []", "journal undone []")
}

func TestUndoingCarriesOnPastErrorsAndNamesThem(t *testing.T) {
	n := &notebook{}
	errBusy, errGone := errors.New("device\nbusy"), errors.New("no such volume")
	op, failed, err := n.run(t.Context(),
		saga.Stage{n.step("network")},
		saga.Stage{stuck(n.step("volume"), errGone)},
		saga.Stage{stuck(n.step("define"), errBusy)},
		saga.Stage{failing(n.step("start"), errBoom)},
	)
	for _, want := range []error{errBoom, errBusy, errGone} {
		if !errors.Is(err, want) {
			t.Errorf("error %v does not wrap %v", err, want)
		}
	}
	want := "create: start: boom; not undone: define: device; busy; not undone: volume: no such volume"
	if err.Error() != want {
		t.Errorf("error is\n %q, want\n %q", err, want)
	}
	if diff := cmp.Diff([]string{"start", "network"}, failed.Undone); diff != "" {
		t.Errorf("undone (-want +got):\n%s", diff)
	}
	if op.Status != model.Stuck || n.last.Status != model.Stuck {
		t.Errorf("operation is %s, the journal says %s, want stuck", op.Status, n.last.Status)
	}
}

func TestAStepWithoutUndoIsPassedOver(t *testing.T) {
	n := &notebook{}
	wait := failing(n.step("wait"), errBoom)
	wait.Undo = nil
	_, failed, _ := n.run(t.Context(), saga.Stage{n.step("start")}, saga.Stage{wait})
	if diff := cmp.Diff([]string{"start"}, failed.Undone); diff != "" || len(failed.LeftBehind) != 0 {
		t.Errorf("left behind %v, undone (-want +got):\n%s", failed.LeftBehind, diff)
	}
}

// One step fails while another works: that one is told to stop and waited for, and only then both are undone.
func TestAStepThatFailsStopsItsNeighboursFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notebook{}
		slow := saga.Step{
			Name: "volume",
			Do: func(ctx context.Context) error {
				<-ctx.Done()
				<-time.After(time.Minute) // tidying up takes a while
				n.note("stopped volume")
				return ctx.Err()
			},
			Undo: func(context.Context) error { n.note("undo"); return nil },
		}
		quick := saga.Step{
			Name: "seed",
			Do:   func(context.Context) error { synctest.Wait(); n.note("failed seed"); return errBoom },
			Undo: func(context.Context) error { n.note("undo"); return nil },
		}
		_, failed, err := n.run(t.Context(), saga.Stage{slow, quick})
		n.want(t, "journal running [volume seed]", "failed seed", "stopped volume",
			"journal undoing [volume seed]", "undo", "undo", "journal undone [volume seed]")
		if err.Error() != "create: seed: boom" {
			t.Errorf("error is %q: a neighbour that was told to stop is no news", err)
		}
		if diff := cmp.Diff([]string{"seed", "volume"}, failed.Undone); diff != "" {
			t.Errorf("undone (-want +got):\n%s", diff)
		}
	})
}

func TestNeighboursThatFailOfThemselvesAreBothNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notebook{}
		errDisk := errors.New("disk full")
		late := saga.Step{Name: "volume", Do: func(ctx context.Context) error { <-ctx.Done(); return errDisk }}
		early := saga.Step{Name: "seed", Do: func(context.Context) error { synctest.Wait(); return errBoom }}
		_, _, err := n.run(t.Context(), saga.Stage{late, early})
		if !errors.Is(err, errBoom) || !errors.Is(err, errDisk) || err.Error() != "create: seed: boom; volume: disk full" {
			t.Errorf("error is %v", err)
		}
	})
}

func TestUndoingEndsAfterItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notebook{}
		hangs := saga.Step{
			Name: "volume",
			Do:   func(context.Context) error { return errBoom },
			Undo: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		}
		r := saga.Runner{Journal: n, UndoTimeout: time.Minute}
		begun := time.Now()
		op, err := r.Run(t.Context(), create(), []saga.Stage{{n.step("network")}, {hangs}})
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("undoing took %v of the fake clock, want a minute", took)
		}
		failed, ok := errors.AsType[*saga.Failed](err)
		if !ok || len(failed.LeftBehind) != 2 {
			t.Fatalf("error is %v, want both steps left behind", err)
		}
		if op.Status != model.Stuck || n.last.Status != model.Stuck {
			t.Errorf("operation is %s, the journal says %s, want stuck", op.Status, n.last.Status)
		}
	})
}

func TestAJournalThatFails(t *testing.T) {
	disk := errors.New("disk full")
	for name, tc := range map[string]struct {
		refuse func(model.Operation) bool
		want   string
		undone []string
		status model.Status
	}{
		"before anything began": {
			func(op model.Operation) bool { return op.Status == model.Running },
			"create: journal: disk full", nil, model.Undone,
		},
		"before the second step": {
			func(op model.Operation) bool { return op.Status == model.Running && len(op.Steps) == 2 },
			"create: journal: disk full",
			[]string{"network"},
			model.Undone,
		},
		"from the second step on": {
			func(op model.Operation) bool { return len(op.Steps) == 2 || op.Status != model.Running },
			"create: journal: disk full; not undone: journal: disk full",
			[]string{"network"},
			model.Undone,
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := &notebook{refuse: func(op model.Operation) error {
				if tc.refuse(op) {
					return disk
				}
				return nil
			}}
			op, failed, err := n.run(t.Context(), saga.Stage{n.step("network")}, saga.Stage{n.step("volume")})
			if !errors.Is(err, disk) || err.Error() != tc.want {
				t.Fatalf("error is %v, want %s", err, tc.want)
			}
			if diff := cmp.Diff(tc.undone, failed.Undone); diff != "" {
				t.Errorf("undone (-want +got):\n%s", diff)
			}
			if op.Status != tc.status {
				t.Errorf("operation is %s, want %s", op.Status, tc.status)
			}
		})
	}
}

func TestWhatIsDoneStaysDoneWhenItCannotBeWrittenDown(t *testing.T) {
	disk := errors.New("disk full")
	n := &notebook{refuse: func(op model.Operation) error {
		if op.Status == model.Done {
			return disk
		}
		return nil
	}}
	var events []saga.Event
	r := saga.Runner{Journal: n, Observe: func(e saga.Event) { events = append(events, e) }}
	op, err := r.Run(t.Context(), create(), []saga.Stage{{n.step("network")}, {n.step("volume")}})
	if err != nil || op.Status != model.Done {
		t.Errorf("operation is %s, error %v", op.Status, err)
	}
	if slices.ContainsFunc(n.lines, func(line string) bool { return strings.HasPrefix(line, "undo") }) {
		t.Errorf("it was undone: %q", n.lines)
	}
	if last := events[len(events)-1]; last.Step != "journal" || last.Phase != saga.Broken || !errors.Is(last.Err, disk) {
		t.Errorf("the last event is %+v", last)
	}
}

func TestListsThatCannotBeJournaledAreRefused(t *testing.T) {
	n := &notebook{}
	for name, stages := range map[string][]saga.Stage{
		"a step without a name":    {{n.step("")}},
		"a step that does nothing": {{saga.Step{Name: "idle"}}},
		"two steps of one name":    {{n.step("a")}, {n.step("a")}},
	} {
		r := saga.Runner{Journal: n}
		if _, err := r.Run(t.Context(), create(), stages); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	n.want(t)
}
