package guestlink

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

// Verdict is a guest's own failure, as opposed to trouble on the way to it.
type Verdict struct {
	What          string
	Passed, Total int    // of its checks, when it came as far as them
	remedy        string // when it is not the usual one
}

func (v *Verdict) Error() string { return v.What }

// Kind is that of the fault which it becomes.
func (v *Verdict) Kind() fault.Kind {
	if v.Passed < v.Total {
		return fault.CheckFailed
	}
	return fault.Failure
}

// Advice is what to do about it; otherwise is what helps in most cases.
func (v *Verdict) Advice(otherwise string) string {
	if v.remedy != "" {
		return v.remedy
	}
	return otherwise
}

// Lost is why no more events come: the context has ended, or else the connection.
func Lost(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return fault.New(fault.Unfit, "see whether it runs: holm doctor", "%w any more", hypervisor.ErrUnreachable)
}
