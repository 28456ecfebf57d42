// Package saga carries out a list of steps so that, whatever happens, either all of them are done or all that began
// are undone and it is said what could not be. Before a step acts, a journal knows of it, for people who ask what was
// done. When the process dies nothing is undone from the journal: whoever comes next goes by the instance's record.
package saga

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holm/provisioner/model"
)

// DefaultUndoTimeout is how long undoing may take when the Runner does not say.
const DefaultUndoTimeout = 2 * time.Minute

// Step is one change of the world. Both functions measure first and act only on what is missing, as each may find what
// another process left that died at any point of its work.
type Step struct {
	Name string
	Do   func(context.Context) error
	Undo func(context.Context) error // nil when there is nothing to undo
}

// Stage is a list of steps that are independent of each other: they run at the same time.
type Stage []Step

// Journal remembers how far an operation has come. PutOperation is durable when it returns.
type Journal interface {
	PutOperation(ctx context.Context, op model.Operation) error
}

// Runner carries out operations. Only Journal is required. It may be used by several goroutines for several
// operations; Observe is then called from each of them.
type Runner struct {
	Journal Journal
	// Observe hears of every step as it goes. Within an operation it is never called from two goroutines at once.
	Observe func(Event)
	// Crash is called at every point where a death of the process has to be survivable, with
	// "<kind>.<step>.before", ".after", ".undo.before" or ".undo.after". Tests die in it.
	Crash func(point string)
	// Done writes down an operation that is done, in place of Journal: with what else has become so with it. It may be nil.
	Done func(ctx context.Context, op model.Operation) error
	// UndoTimeout bounds the undoing, and each write of the journal that has to outlive the caller's context.
	UndoTimeout time.Duration
	Now         func() time.Time
}

// Run carries out the stages in order. All steps of a stage are journaled as begun, in one write, before the first of
// them acts; those of the first stage are so already in an operation that has them. It returns the operation as it was journaled last.
//
// When a step fails or ctx ends, the other steps of the stage are told to stop by their context and waited for. Then
// every step that had begun is undone, the last stage first, under a context that outlives ctx and ends after
// UndoTimeout; an undo that fails does not keep the others from being tried. The error is then a *Failed, and the
// operation Undone or Stuck. Without error the operation is Done, even if ctx ended after the last step, and even if the
// journal could not be told: then Observe hears of a Broken step "journal".
func (r *Runner) Run(ctx context.Context, op model.Operation, stages []Stage) (model.Operation, error) {
	if err := validate(stages); err != nil {
		return op, err
	}
	w := r.work(op)
	w.known = op.Steps
	w.op.Status, w.op.Steps, w.op.Error, w.op.Ended = model.Running, nil, "", time.Time{}
	if w.op.Started.IsZero() {
		w.op.Started = w.now()
	}
	failed := w.forward(ctx, stages)
	if failed == nil {
		// What is done stays done, even when that cannot be written down: a busy database cuts no guest's power.
		if unwritten := w.close(ctx, model.Done); unwritten != nil {
			w.tell(Event{Step: journal, Phase: Broken, Err: unwritten.Cause})
		}
		return w.op, nil
	}
	w.op.Error, w.op.Ended = oneLine(failed.Cause), time.Time{}
	w.backward(context.WithoutCancel(ctx), stages, failed)
	return w.op, failed
}

// validate catches lists that no journal entry could be matched with.
func validate(stages []Stage) error {
	seen := make(map[string]bool)
	for _, stage := range stages {
		for _, step := range stage {
			switch {
			case step.Name == "":
				return errors.New("a step has no name")
			case step.Do == nil:
				return fmt.Errorf("step %s does nothing", step.Name)
			case seen[step.Name]:
				return fmt.Errorf("two steps are called %s", step.Name)
			}
			seen[step.Name] = true
		}
	}
	return nil
}
