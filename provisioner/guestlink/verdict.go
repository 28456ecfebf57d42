package guestlink

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

// Verdict is a guest's own failure, as opposed to trouble on the way to it.
type Verdict struct {
	What          string
	Passed, Total int            // of its checks, when it came as far as them
	remedy        fault.Remedies // when it is not the usual one
}

func (v *Verdict) Error() string { return v.What }

// Code is that of the fault which it becomes.
func (v *Verdict) Code() fault.Code {
	if v.Passed < v.Total {
		return fault.ChecksFailed
	}
	return fault.GuestFailed
}

// Advice is what to do about it; otherwise is what helps in most cases.
func (v *Verdict) Advice(otherwise fault.Remedies) fault.Remedies {
	if len(v.remedy) > 0 {
		return v.remedy
	}
	return otherwise
}

// Lost is why no more events come: the context has ended, or else the connection.
func Lost(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return fault.New(fault.HypervisorUnreachable, fault.Try("see whether it runs", "doctor"), "%w any more", hypervisor.ErrUnreachable)
}
