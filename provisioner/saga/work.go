package saga

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"holm/provisioner/model"
)

// journal is the name that a failure of the journal has where steps are named.
const journal = "journal"

// work is one operation under way.
type work struct {
	*Runner
	op       model.Operation
	known    []string   // steps that the journal has before the first stage
	watching sync.Mutex // held while Observe runs
}

func (r *Runner) work(op model.Operation) *work {
	return &work{Runner: r, op: op}
}

// forward does the stages until one fails; nil when all are done.
func (w *work) forward(ctx context.Context, stages []Stage) *Failed {
	for _, stage := range stages {
		if len(stage) == 0 {
			continue
		}
		if err := context.Cause(ctx); err != nil {
			return &Failed{Kind: w.op.Kind, Step: stage[0].Name, Cause: err}
		}
		begun := len(w.op.Steps)
		for _, step := range stage {
			w.op.Steps = append(w.op.Steps, step.Name)
		}
		if begun == 0 && slices.Equal(w.known, w.op.Steps) {
			// the journal has it
		} else if err := w.Journal.PutOperation(ctx, w.op); err != nil {
			// None of them has acted. Should the write have got through nevertheless, their undo finds nothing.
			w.op.Steps = w.op.Steps[:begun]
			return &Failed{Kind: w.op.Kind, Step: journal, Cause: withCause(ctx, err)}
		}
		if failed := w.do(ctx, stage); failed != nil {
			return failed
		}
	}
	return nil
}

// do runs the steps of a stage at the same time and waits for all of them. The first one to fail stops the others.
func (w *work) do(ctx context.Context, stage Stage) *Failed {
	inside, stop := context.WithCancel(ctx)
	defer stop()
	var (
		mu     sync.Mutex
		failed *Failed
		wg     sync.WaitGroup
	)
	for _, step := range stage {
		wg.Go(func() {
			err := w.act(inside, step)
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case failed == nil:
				failed = &Failed{Kind: w.op.Kind, Step: step.Name, Cause: withCause(ctx, err)}
				stop()
			case !errors.Is(err, context.Canceled) && !errors.Is(err, context.Cause(inside)):
				// It was not merely told to stop: that is worth knowing, too.
				failed.Cause = fmt.Errorf("%w; %s: %w", failed.Cause, step.Name, err)
			}
		})
	}
	wg.Wait()
	return failed
}

func (w *work) act(ctx context.Context, step Step) error {
	begun := w.now()
	w.crash(step.Name + ".before")
	w.tell(Event{Step: step.Name, Phase: Begun})
	err := context.Cause(ctx) // another step of the stage may have failed before this one was scheduled
	if err == nil {
		err = step.Do(ctx)
	}
	w.crash(step.Name + ".after")
	if err != nil {
		w.tell(Event{Step: step.Name, Phase: Broken, Err: err, Elapsed: w.now().Sub(begun)})
		return err
	}
	w.tell(Event{Step: step.Name, Phase: Finished, Elapsed: w.now().Sub(begun)})
	return nil
}

// backward undoes every step that has begun, adds to failed what came of it, and journals the end.
func (w *work) backward(ctx context.Context, stages []Stage, failed *Failed) {
	undoing, cancel := context.WithTimeout(ctx, w.undoTimeout())
	defer cancel()
	w.op.Status, w.op.Ended = model.Undoing, time.Time{}
	// A journal that cannot be written is no reason to leave things behind. The last write tells.
	_ = w.Journal.PutOperation(undoing, w.op)

	for _, stage := range slices.Backward(stages) {
		var begun Stage
		for _, step := range slices.Backward(stage) {
			if slices.Contains(w.op.Steps, step.Name) && step.Undo != nil {
				begun = append(begun, step)
			}
		}
		w.undo(undoing, begun, failed)
	}
	status := model.Undone
	if len(failed.LeftBehind) > 0 {
		status = model.Stuck
	}
	if end := w.close(ctx, status); end != nil {
		failed.LeftBehind = append(failed.LeftBehind, Leftover{journal, end.Cause})
	}
}

// undo undoes steps at the same time. What it reports is in the order of the steps, not of the clock.
func (w *work) undo(ctx context.Context, steps []Step, failed *Failed) {
	errs := make([]error, len(steps))
	var wg sync.WaitGroup
	for i, step := range steps {
		wg.Go(func() {
			begun := w.now()
			w.crash(step.Name + ".undo.before")
			errs[i] = step.Undo(ctx)
			w.crash(step.Name + ".undo.after")
			e := Event{Step: step.Name, Phase: Undone, Undoing: true, Err: errs[i], Elapsed: w.now().Sub(begun)}
			if e.Err != nil {
				e.Phase = Broken
			}
			w.tell(e)
		})
	}
	wg.Wait()
	for i, step := range steps {
		if errs[i] != nil {
			failed.LeftBehind = append(failed.LeftBehind, Leftover{step.Name, errs[i]})
		} else {
			failed.Undone = append(failed.Undone, step.Name)
		}
	}
}

// close journals how the operation ended, even when ctx has.
func (w *work) close(ctx context.Context, status model.Status) *Failed {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.undoTimeout())
	defer cancel()
	w.op.Status, w.op.Ended = status, w.now()
	put := w.Journal.PutOperation
	if status == model.Done && w.Done != nil {
		put = w.Done
	}
	if err := put(ctx, w.op); err != nil {
		return &Failed{Kind: w.op.Kind, Step: journal, Cause: err}
	}
	return nil
}

// withCause makes sure that an error which came of the end of ctx says so, whatever the step made of it.
func withCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

func (w *work) tell(e Event) {
	if w.Observe == nil {
		return
	}
	w.watching.Lock()
	defer w.watching.Unlock()
	e.Operation = w.op.ID
	w.Observe(e)
}

func (w *work) crash(point string) {
	if w.Crash != nil {
		w.Crash(w.op.Kind + "." + point)
	}
}

func (w *work) now() time.Time {
	if w.Now != nil {
		return w.Now().UTC()
	}
	return time.Now().UTC()
}

func (w *work) undoTimeout() time.Duration {
	if w.UndoTimeout > 0 {
		return w.UndoTimeout
	}
	return DefaultUndoTimeout
}
