// Package fault is the error that a person gets to read: what went wrong with which value, what to do about it, and
// the kind that decides the exit code. Rooms return it; only cmd turns it into text and a number.
package fault

import (
	"errors"
	"fmt"
)

// Kind sorts faults by what the caller can do about them. Its number is the exit code.
type Kind int

// The kinds of fault, with the exit codes of the design.
const (
	Failure     Kind = 1   // anything else
	Usage       Kind = 2   // what was asked for is not valid
	Leftover    Kind = 3   // undone, but something was left behind
	NotFound    Kind = 4   // no such thing
	Exists      Kind = 5   // there is one already
	Unfit       Kind = 6   // the host cannot do it
	Busy        Kind = 7   // somebody else is at it
	CheckFailed Kind = 8   // a promise did not hold
	Refused     Kind = 9   // policy says no: quota, residency, lab mode
	Interrupted Kind = 130 // Ctrl-C or SIGTERM
)

// Error is one fault. What is a single line; Remedy, when there is one, says what to type or to change.
type Error struct {
	Kind   Kind
	What   string
	Remedy string
	Cause  error
}

// New makes a fault with a remedy ("" for none); the rest is as for fmt.Errorf, with %w for the cause.
func New(kind Kind, remedy, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, What: err.Error(), Remedy: remedy, Cause: errors.Unwrap(err)}
}

// Error returns the line that says what went wrong, without the remedy.
func (e *Error) Error() string { return e.What }

// Unwrap returns the cause, so that errors.Is and errors.As see through.
func (e *Error) Unwrap() error { return e.Cause }

// KindOf tells the kind of any error: that of the outermost fault in its chain, else Failure.
func KindOf(err error) Kind {
	if f, ok := errors.AsType[*Error](err); ok {
		return f.Kind
	}
	return Failure
}

// RemedyOf returns the remedy of the outermost fault in the chain, or "".
func RemedyOf(err error) string {
	if f, ok := errors.AsType[*Error](err); ok {
		return f.Remedy
	}
	return ""
}
