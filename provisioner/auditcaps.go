package provisioner

import (
	"context"
	"errors"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
)

// AuditCaps has a running guest watch, for as long as it is told to, who uses which capabilities, and returns what the
// guest says of it: a claim, with its texts made fit for a terminal. It records nothing.
func (p *Provisioner) AuditCaps(ctx context.Context, tenant, name string, long time.Duration,
	observe Observer,
) (report.Capabilities, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, atOnce)
	if err != nil {
		return report.Capabilities{}, err
	}
	defer release()
	ctx, done := p.givingWay(ctx, inst)
	defer done()
	if err := verifiable(ctx, h, inst); err != nil {
		return report.Capabilities{}, err
	}
	w := p.watch(observe)
	w.begin("watched")
	ctx, cancel := context.WithTimeout(ctx, long+checksWithin)
	defer cancel()
	var found *report.Capabilities
	err = p.put(ctx, h, inst, w, question{
		ask: report.AskCapabilities, long: long, while: "being watched", step: "watched", once: true,
		answered: func(r report.Report) (bool, error) {
			switch r.Stage {
			case report.StageFailed:
				return true, failure(r)
			case report.StageChecked:
				found = r.Capabilities
				return true, accept(inst, r)
			}
			return false, nil
		},
	})
	bad, guilty := errors.AsType[*verdict](err)
	switch {
	case guilty:
		err = fault.New(fault.Failure, bad.advice("see "+command("logs", inst)), "instance %q cannot be watched: %w", inst.Name, bad)
	case ended(ctx, err):
		err = cutShort(context.Cause(ctx), "nothing has changed: "+command("audit-caps", inst), "instance %q was not watched", inst.Name)
	case err == nil && found == nil:
		err = fault.New(fault.Failure, "see "+command("logs", inst), "instance %q answered without saying what it saw", inst.Name)
	}
	if err != nil {
		w.tell("watched", Broken, clean(err.Error()))
		return report.Capabilities{}, err
	}
	w.finish("watched", "")
	return cleanCapabilities(*found), nil
}

// cleanCapabilities makes what a guest says of its processes fit for a terminal.
func cleanCapabilities(c report.Capabilities) report.Capabilities {
	for i := range c.Subject {
		s := &c.Subject[i]
		s.Kind, s.Name, s.User = clean(s.Kind), clean(s.Name), clean(s.User)
		for _, list := range [][]string{s.Effective, s.Used} {
			for at := range list {
				list[at] = clean(list[at])
			}
		}
	}
	return c
}
