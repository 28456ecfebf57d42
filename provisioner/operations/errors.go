package operations

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/storage/records"
)

// Diagnose tells the kind and the remedy of an error: those of its fault, else those of the errors that the rooms
// below return as they are. A fault that wraps an error hides it from cmd, so nothing may be lost on the way.
func Diagnose(err error) (kind fault.Kind, remedy string) {
	kind, remedy = fault.KindOf(err), fault.RemedyOf(err)
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return kind, remedy
	}
	switch {
	case errors.Is(err, records.ErrBusy):
		return fault.Busy, "wait for the other holm, and try again"
	case errors.Is(err, hypervisor.ErrUnreachable), errors.Is(err, hypervisor.ErrUnsupported):
		return fault.Unfit, "find out more: holm doctor"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.Failure, "free some space, or keep the state elsewhere: --state DIR"
	}
	return kind, remedy
}

// IsEndOf tells whether err came of the end of ctx.
func IsEndOf(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err()))
}

// CutShort is the fault for work that the end of its context stopped: somebody interrupted it, or the time was up.
func CutShort(cause error, remedy, format string, args ...any) error {
	kind, why := fault.Interrupted, "interrupted"
	switch {
	case errors.Is(cause, context.DeadlineExceeded):
		kind, why = fault.Failure, "the time is up"
	case errors.Is(cause, ErrGaveWay):
		kind, why = fault.Busy, ErrGaveWay.Error()
	}
	return &fault.Error{Kind: kind, What: fmt.Sprintf(format, args...) + ": " + why, Remedy: remedy, Cause: cause}
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
	kind, remedy := Diagnose(all)
	return &fault.Error{Kind: kind, Remedy: remedy, What: strings.Join(texts, "; "), Cause: all}
}

// Meanwhile refuses what was worked out by something that has changed since.
func Meanwhile(what string) error { return fault.New(fault.Busy, "try again", "meanwhile, %s", what) }
