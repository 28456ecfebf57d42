package proof

import (
	"context"
	"errors"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/guestlink"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// AuditCaps has a running guest watch, for as long as it is told to, who uses which capabilities, and returns what the
// guest says of it: a claim, with its texts made fit for a terminal. It records nothing.
func (svc *Service) AuditCaps(ctx context.Context, tenant, name string, long time.Duration,
	observe operations.Observer,
) (report.Capabilities, error) {
	h, inst, release, err := svc.Operations.Hold(ctx, tenant, name, operations.AtOnce)
	if err != nil {
		return report.Capabilities{}, err
	}
	defer release()
	ctx, done := svc.Operations.GivingWay(ctx, inst)
	defer done()
	if err := verifiable(ctx, h, inst); err != nil {
		return report.Capabilities{}, err
	}
	w := svc.Operations.Watch(observe)
	w.Begin("watched")
	ctx, cancel := context.WithTimeout(ctx, long+checksWithin)
	defer cancel()
	var found *report.Capabilities
	err = svc.Link.Ask(ctx, h, inst, w, guestlink.Question{
		Ask: report.AskCapabilities, Long: long, While: "being watched", Step: "watched", Once: true,
		Answered: func(r report.Report) (bool, error) {
			switch r.Stage {
			case report.StageFailed:
				return true, guestlink.Failure(r)
			case report.StageChecked:
				found = r.Capabilities
				return true, guestlink.Accept(inst, r)
			}
			return false, nil
		},
	})
	bad, guilty := errors.AsType[*guestlink.Verdict](err)
	switch {
	case guilty:
		err = fault.New(fault.GuestFailed, bad.Advice(model.Try("see", "logs", inst)),
			"instance %q cannot be watched: %w", fault.Instance(inst.Name), bad)
	case operations.IsEndOf(ctx, err):
		err = operations.CutShort(context.Cause(ctx), model.Try("nothing has changed", "audit-caps", inst),
			"instance %q was not watched", inst.Name)
	case err == nil && found == nil:
		err = fault.New(fault.GuestFailed, model.Try("see", "logs", inst),
			"instance %q answered without saying what it saw", fault.Instance(inst.Name))
	}
	if err != nil {
		w.Tell("watched", operations.Broken, model.OneLine(err.Error()))
		return report.Capabilities{}, err
	}
	w.Finish("watched", "")
	return cleanCapabilities(*found), nil
}

// cleanCapabilities makes what a guest says of its processes fit for a terminal.
func cleanCapabilities(c report.Capabilities) report.Capabilities {
	for i := range c.Subject {
		s := &c.Subject[i]
		s.Kind, s.Name, s.User = model.OneLine(s.Kind), model.OneLine(s.Name), model.OneLine(s.User)
		for _, list := range [][]string{s.Effective, s.Used} {
			for at := range list {
				list[at] = model.OneLine(list[at])
			}
		}
	}
	return c
}
