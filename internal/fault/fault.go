// Package fault is the error that a person gets to read and a program gets to understand: what went wrong with which value, what to do
// about it, and a code that stays the same when the words change. Rooms return it; only a front end turns it into text and numbers.
package fault

import (
	"errors"
	"fmt"
	"slices"
)

// Error is one fault. What is a single line.
type Error struct {
	Code     Code
	What     string
	Params   []Param
	Remedies Remedies
	Cause    error
}

// New makes a fault: its code, or the kind when no code says more; a remedy ("" for none); the rest is as for fmt.Errorf, with %w for the
// cause. Parameters among args are formatted as their values, and kept for programs.
func New[C Kind | Code, R Advice](code C, remedy R, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	f := &Error{Code: codeFrom(code), What: err.Error(), Remedies: remediesOf(remedy), Cause: errors.Unwrap(err)}
	for _, arg := range args {
		if p, ok := arg.(Param); ok {
			f.Params = append(f.Params, p)
		}
	}
	return f
}

// Wrap says of what work an error came, and passes on what is known of it: its code, its parameters, what to do.
func Wrap(cause error, format string, args ...any) *Error {
	f := *Of(cause)
	f.What, f.Cause = fmt.Sprintf(format, args...)+": "+cause.Error(), cause
	return &f
}

// With returns the fault with more parameters: those that its line does not say.
func (e *Error) With(params ...Param) *Error {
	f := *e
	f.Params = slices.Concat(e.Params, params)
	return &f
}

// WithRemedy returns the fault with other things to do about it.
func (e *Error) WithRemedy(remedies Remedies) *Error {
	f := *e
	f.Remedies = remedies
	return &f
}

// OrRemedy returns the fault with things to do about it, when it has none.
func (e *Error) OrRemedy(remedies Remedies) *Error {
	if len(e.Remedies) > 0 {
		return e
	}
	return e.WithRemedy(remedies)
}

// Error returns the line that says what went wrong, without the remedy.
func (e *Error) Error() string { return e.What }

// Unwrap returns the cause, so that errors.Is and errors.As see through.
func (e *Error) Unwrap() error { return e.Cause }

// Kind is what the caller can do about it, as its code says.
func (e *Error) Kind() Kind { return e.Code.Kind() }

// KindOf tells the kind of any error but nil, for which it is 0.
func KindOf(err error) Kind {
	if err == nil {
		return 0
	}
	return Of(err).Kind()
}

// CodeOf tells the code of any error: "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return Of(err).Code
}

// RemedyOf returns what to do about an error, as one line of text, or "".
func RemedyOf(err error) string {
	if err == nil {
		return ""
	}
	return Of(err).Remedies.String()
}
