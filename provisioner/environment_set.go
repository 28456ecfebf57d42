package provisioner

import (
	"context"
	"errors"
	"sync"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

// tellWithin is how long a guest may take to put what it is told to use, and tellAtOnce how many are told at the same time.
const (
	tellWithin = 50 * time.Second
	tellAtOnce = 8
)

// siblingWithin is how long a sibling may take: nobody has asked for it, and the next start tells it again.
const siblingWithin = 10 * time.Second

// SetEnvironment changes what an instance is told of the world: at once when it is ready, else at its next start.
func (p *Provisioner) SetEnvironment(ctx context.Context, tenant, name string, c environment.Change,
	observe Observer,
) (model.Instance, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, atOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, unfinished(inst)
	}
	inst, err = p.Records.Update(ctx, inst.ID, func(i *model.Instance) error { return c.Apply(&i.Environment) })
	if err != nil || inst.State != model.Ready {
		return inst, err
	}
	if state, err := h.State(ctx, inst.UUID); err != nil || state != hypervisor.Running {
		return inst, err
	}
	w := p.watch(observe)
	w.begin("told")
	later, err := p.tell(ctx, h, inst, tellWithin, w)
	switch {
	case err == nil:
		w.finish("told", later)
		return inst, nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return inst, fault.New(fault.Failure, "see how it is: "+command("show", inst)+"; it is told again by: "+command("restart", inst),
			"it is on record, and instance %q has not said within %.0f s that it goes by it", inst.Name, tellWithin.Seconds())
	case ended(ctx, err):
		return inst, cutShort(context.Cause(ctx), "it is told at its next start: "+command("restart", inst),
			"it is on record, and instance %q has not been told", inst.Name)
	}
	return inst, fault.New(fault.Failure,
		"an older image has to be replaced: "+command("rebuild --keep-state", inst)+"; else it is told again by: "+command("restart", inst),
		"it is on record, and instance %q does not take it: %s", inst.Name, clean(err.Error()))
}

// tell has a running guest put to use what it is to know now, and returns what of it has to wait, in the guest's words.
func (p *Provisioner) tell(ctx context.Context, h hypervisor.Driver, inst model.Instance, within time.Duration,
	w *watcher,
) (later string, err error) {
	world, err := p.toTell(ctx, inst)
	if err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err = p.put(limited, h, inst, w, question{
		ask: report.AskEnvironment, world: world, while: "being told of names", step: "told",
		answered: func(r report.Report) (bool, error) {
			if r.Stage == report.StageFailed {
				return true, failure(r)
			}
			later = clean(r.Note)
			return r.Stage == report.StageChecked, nil
		},
	})
	return later, err
}

// tellSiblings has those that may reach an instance know that it has come or gone. One at which another holm is at work,
// or that does not answer soon, is told at its next start: nothing fails for it.
func (p *Provisioner) tellSiblings(ctx context.Context, h hypervisor.Driver, inst model.Instance) {
	all, err := p.siblings(ctx, inst)
	if err != nil {
		return
	}
	var wg sync.WaitGroup
	free := make(chan struct{}, tellAtOnce)
	for _, sibling := range all {
		if sibling.State != model.Ready {
			continue
		}
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			p.tellSibling(ctx, h, sibling)
		})
	}
	wg.Wait()
}

func (p *Provisioner) tellSibling(ctx context.Context, h hypervisor.Driver, sibling model.Instance) {
	release, err := p.holdName(ctx, sibling.Tenant, sibling.Name, false)
	if err != nil {
		return
	}
	defer release()
	inst, err := p.find(ctx, sibling.Tenant, sibling.Name) // again: somebody may have been at work on it until now
	if err != nil || inst.ID != sibling.ID || inst.State != model.Ready {
		return
	}
	if state, err := h.State(ctx, inst.UUID); err == nil && state == hypervisor.Running {
		_, _ = p.tell(ctx, h, inst, siblingWithin, p.watch(nil))
	}
}
