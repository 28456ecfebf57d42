package saga

import (
	"fmt"
	"strings"
	"time"
)

// Phase is how far a step has come.
type Phase string

// The phases of a step.
const (
	Begun    Phase = "begun"
	Finished Phase = "finished"
	Broken   Phase = "broken" // while it was done, or undone: see Event.Undoing
	Undone   Phase = "undone"
)

// Event tells how a step goes.
type Event struct {
	Operation string // id
	Step      string
	Phase     Phase
	Undoing   bool          // the phase is one of undoing: Undone, or Broken
	Err       error         // of Broken
	Elapsed   time.Duration // since this doing, or undoing, began
}

// Leftover is a step that could not be undone, or "journal" when the journal could not be written.
type Leftover struct {
	Step string
	Err  error
}

// Failed is an operation that came to nothing. All that had begun was undone, except what LeftBehind lists.
type Failed struct {
	Kind       string     // of the operation
	Step       string     // that failed first, or "journal"
	Cause      error      // why
	Undone     []string   // steps that were undone, in that order
	LeftBehind []Leftover // steps that were not
}

// Error returns one line: the cause, and what was left behind.
func (f *Failed) Error() string {
	parts := []string{f.Step + ": " + oneLine(f.Cause)}
	for _, l := range f.LeftBehind {
		parts = append(parts, fmt.Sprintf("not undone: %s: %s", l.Step, oneLine(l.Err)))
	}
	return f.Kind + ": " + strings.Join(parts, "; ")
}

// Unwrap returns the cause first, then the errors of undoing.
func (f *Failed) Unwrap() []error {
	errs := []error{f.Cause}
	for _, l := range f.LeftBehind {
		errs = append(errs, l.Err)
	}
	return errs
}

func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
