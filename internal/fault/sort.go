package fault

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
)

// sentinel is an error that code compares with, and that has a code of its own.
type sentinel struct {
	code     Code
	text     string
	remedies Remedies
}

// Sentinel makes an error to compare with errors.Is. Unlike a fault it is not a sentence yet: who returns it may say more, and where
// nobody does it still has its code.
func Sentinel[C Kind | Code, R Advice](code C, remedy R, text string) error {
	return &sentinel{codeFrom(code), text, remediesOf(remedy)}
}

// Error implements error.
func (s *sentinel) Error() string { return s.text }

// Of sorts any error but nil: it returns the outermost fault in its chain, else one that is made of what its cause is known for. This is
// the only place that sorts errors.
func Of(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	f := &Error{Code: failure, What: err.Error(), Cause: err}
	if s, ok := errors.AsType[*sentinel](err); ok {
		f.Code, f.Remedies = s.code, s.remedies
		return f
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		f.Code = DiskFull
		f.Remedies = Try("free some space", "image ls").OrSay("keep the state elsewhere: --state DIR")
	case errors.Is(err, fs.ErrPermission):
		f.Code = PermissionDenied
	case errors.Is(err, context.DeadlineExceeded):
		f.Code = TimedOut
	}
	return f
}

// Known tells whether somebody has made a fault of an error already.
func Known(err error) bool {
	_, ok := errors.AsType[*Error](err)
	return ok
}
