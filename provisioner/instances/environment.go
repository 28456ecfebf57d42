package instances

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/guestlink"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// Nameless says what a person should know of the names of an instance, made or planned: "" when it has a name server, or
// is to have none.
func (e *Environments) Nameless(ctx context.Context, inst model.Instance) (string, error) {
	set, err := e.Records.Settings(ctx)
	if err != nil {
		return "", err
	}
	force := e.Link.InForce(set, inst)
	if len(force.Nameservers) > 0 {
		return "", nil
	}
	if stubs := e.Resolver().Stubs; force.From[environment.Nameservers] == "" && len(stubs) > 0 {
		return fmt.Sprintf("no name will resolve in it: this host asks %s, where instances are not served", stubs[0]), nil
	}
	switch {
	case len(force.Dropped) > 0:
		return "no name will resolve in it: " + force.Dropped[0], nil
	case force.From[environment.Nameservers] == "":
		return "no name will resolve in it: this host has no name server", nil
	}
	return "", nil // none was asked for
}

// tellWithin is how long a guest may take to put what it is told to use, and tellAtOnce how many are told at the same time.
const (
	tellWithin = 50 * time.Second
	tellAtOnce = 8
)

// siblingWithin is how long a sibling may take: nobody has asked for it, and the next start tells it again.
const siblingWithin = 10 * time.Second

// SetEnvironment changes what an instance is told of the world: at once when it is ready, else at its next start.
func (e *Environments) SetEnvironment(ctx context.Context, tenant, name string, c environment.Change,
	observe operations.Observer,
) (model.Instance, error) {
	h, inst, release, err := e.Operations.Hold(ctx, tenant, name, operations.AtOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, operations.Unfinished(inst)
	}
	inst, err = e.Records.Update(ctx, inst.ID, func(i *model.Instance) error { return c.Apply(&i.Environment) })
	if err != nil || inst.State != model.Ready {
		return inst, err
	}
	if state, err := h.State(ctx, inst.UUID); err != nil || state != hypervisor.Running {
		return inst, err
	}
	w := e.Operations.Watch(observe)
	w.Begin("told")
	later, err := e.tell(ctx, h, inst, tellWithin, w)
	switch {
	case err == nil:
		w.Finish("told", later)
		return inst, nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return inst, fault.New(fault.Failure, "see how it is: "+model.Command("show", inst)+
			"; it is told again by: "+model.Command("restart", inst),
			"it is on record, and instance %q has not said within %.0f s that it goes by it", inst.Name, tellWithin.Seconds())
	case operations.IsEndOf(ctx, err):
		return inst, operations.CutShort(context.Cause(ctx), "it is told at its next start: "+model.Command("restart", inst),
			"it is on record, and instance %q has not been told", inst.Name)
	}
	return inst, fault.New(fault.GuestRefuses,
		"an older image has to be replaced: "+model.Command("rebuild --keep-state", inst)+
			"; else it is told again by: "+model.Command("restart", inst),
		"it is on record, and instance %q does not take it: %s", fault.Instance(inst.Name), model.OneLine(err.Error()))
}

// tell has a running guest put to use what it is to know now, and returns what of it has to wait, in the guest's words.
func (e *Environments) tell(ctx context.Context, h hypervisor.Driver, inst model.Instance, within time.Duration,
	w *operations.Watcher,
) (later string, err error) {
	around, err := e.Records.Around(ctx)
	if err != nil {
		return "", err
	}
	world, err := e.Link.ToTell(around, inst)
	if err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err = e.Link.Ask(limited, h, inst, w, guestlink.Question{
		Ask: report.AskEnvironment, World: world, While: "being told of names", Step: "told",
		Answered: func(r report.Report) (bool, error) {
			if r.Stage == report.StageFailed {
				return true, guestlink.Failure(r)
			}
			later = model.OneLine(r.Note)
			return r.Stage == report.StageChecked, nil
		},
	})
	return later, err
}

// tellSiblings has those that may reach an instance know that it has come or gone. One at which another holm is at work,
// or that does not answer soon, is told at its next start: nothing fails for it.
func (e *Environments) tellSiblings(ctx context.Context, h hypervisor.Driver, inst model.Instance, around model.Around) {
	all, err := e.Link.Siblings(around, inst)
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
			e.tellSibling(ctx, h, sibling)
		})
	}
	wg.Wait()
}

func (e *Environments) tellSibling(ctx context.Context, h hypervisor.Driver, sibling model.Instance) {
	release, err := e.Operations.HoldName(ctx, sibling.Tenant, sibling.Name, false)
	if err != nil {
		return
	}
	defer release()
	inst, err := e.Operations.Find(ctx, sibling.Tenant, sibling.Name) // again: somebody may have been at work on it until now
	if err != nil || inst.ID != sibling.ID || inst.State != model.Ready {
		return
	}
	if state, err := h.State(ctx, inst.UUID); err == nil && state == hypervisor.Running {
		_, _ = e.tell(ctx, h, inst, siblingWithin, e.Operations.Watch(nil))
	}
}
