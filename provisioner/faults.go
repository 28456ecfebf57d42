package provisioner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/storage/records"
)

// verdict is a guest's own failure, as opposed to trouble on the way to it.
type verdict struct {
	what          string
	passed, total int    // of its checks, when it came as far as them
	remedy        string // when it is not the usual one
}

func (v *verdict) Error() string { return v.what }

func (v *verdict) kind() fault.Kind {
	if v.passed < v.total {
		return fault.CheckFailed
	}
	return fault.Failure
}

// advice is what to do about it; otherwise is what helps in most cases.
func (v *verdict) advice(otherwise string) string {
	if v.remedy != "" {
		return v.remedy
	}
	return otherwise
}

// diagnose tells the kind and the remedy of an error: those of its fault, else those of the errors that the rooms
// below return as they are. A fault that wraps an error hides it from cmd, so nothing may be lost on the way.
func diagnose(err error) (kind fault.Kind, remedy string) {
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

// ended tells whether err came of the end of ctx.
func ended(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err()))
}

// cutShort is the fault for work that the end of its context stopped: somebody interrupted it, or the time was up.
func cutShort(cause error, remedy, format string, args ...any) error {
	kind, why := fault.Interrupted, "interrupted"
	switch {
	case errors.Is(cause, context.DeadlineExceeded):
		kind, why = fault.Failure, "the time is up"
	case errors.Is(cause, errGaveWay):
		kind, why = fault.Busy, errGaveWay.Error()
	}
	return &fault.Error{Kind: kind, What: fmt.Sprintf(format, args...) + ": " + why, Remedy: remedy, Cause: cause}
}

// oneError joins errors on one line; nil when there is none.
func oneError(errs ...error) error {
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
	kind, remedy := diagnose(all)
	return &fault.Error{Kind: kind, Remedy: remedy, What: strings.Join(texts, "; "), Cause: all}
}

// unfinished is the fault for an instance that a holm which died left half made or half removed.
func unfinished(inst model.Instance) error {
	remedy := "remove what there is: " + command("rm", inst)
	if inst.State == model.Creating {
		remedy += "      or make it again: holm create " + inst.Name
	}
	return fault.New(fault.Failure, remedy, "instance %q was left unfinished (%s)", inst.Name, inst.State)
}

// notRunning is the fault for what only a running instance can do.
func notRunning(inst model.Instance, domain hypervisor.State) error {
	switch domain {
	case hypervisor.Absent:
		return fault.New(fault.Failure, "remove what there is: "+command("rm", inst),
			"instance %q is broken: somebody removed its domain %s", inst.Name, inst.Domain)
	case hypervisor.Paused:
		return fault.New(fault.Failure, "resume it: virsh resume "+inst.Domain+"      or cut its power: "+command("stop --force", inst),
			"instance %q is paused by somebody", inst.Name)
	case hypervisor.Stalled:
		return fault.New(fault.Failure, "make room, then: "+command("start", inst)+"      or cut its power: "+command("stop --force", inst),
			"instance %q is paused: its disk has failed, or the host has no space for it", inst.Name)
	default:
		return fault.New(fault.Failure, "run: "+command("start", inst), "instance %q is not running (%s)", inst.Name, status(inst.State, domain))
	}
}

// Asleep is the fault for what only a running instance can do, of one that is paused.
func Asleep(inst model.Instance, domain hypervisor.State) error { return notRunning(inst, domain) }

// off tells whether nothing runs any more.
func off(s hypervisor.State) bool {
	return s == hypervisor.Off || s == hypervisor.Crashed || s == hypervisor.Absent
}

// command writes a command line of holm for an instance. cmd adds what this run was told besides, so that it works when pasted.
func command(verb string, inst model.Instance) string {
	line := "holm " + verb + " " + inst.Name
	if inst.Tenant != "" && inst.Tenant != DefaultTenant {
		line += " --tenant " + inst.Tenant
	}
	return line
}
