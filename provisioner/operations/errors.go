package operations

import (
	"context"
	"errors"
	"strings"

	"holm/internal/fault"
)

// IsEndOf tells whether err came of the end of ctx.
func IsEndOf(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err()))
}

// CutShort is the fault for work that the end of its context stopped: somebody interrupted it, or the time was up.
func CutShort[R fault.Advice](cause error, remedy R, format string, args ...any) error {
	code, why := fault.Interrupted.Code(), "interrupted"
	switch {
	case errors.Is(cause, context.DeadlineExceeded):
		code, why = fault.TimedOut, "the time is up"
	case errors.Is(cause, ErrGaveWay):
		code, why = fault.GaveWay, ErrGaveWay.Error()
	}
	f := fault.New(code, remedy, format, args...)
	f.What, f.Cause = f.What+": "+why, cause
	return f
}

// OneError joins errors on one line; nil when there is none.
func OneError(errs ...error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; "))
		}
	}
	if texts == nil {
		return nil
	}
	all := errors.Join(errs...)
	f := *fault.Of(all)
	f.What, f.Cause = strings.Join(texts, "; "), all
	return &f
}

// Meanwhile refuses what was worked out by something that has changed since.
func Meanwhile(what string) error {
	return fault.New(fault.ChangedMeanwhile, fault.Again("try again"), "meanwhile, %s", what)
}
