package instances

import (
	"context"
	"errors"

	"holm/provisioner/guestlink"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// Stop asks the guest to power off and waits until it is off; force cuts the power instead. A stopped instance stays
// as it is; one that is paused is refused.
func (p *Power) Stop(ctx context.Context, tenant, name string, force bool, observe operations.Observer) error {
	h, inst, release, err := p.Operations.Hold(ctx, tenant, name, operations.BreaksIn)
	if err != nil {
		return err
	}
	defer release()
	_, err = p.powerOff(ctx, h, inst, force, p.Operations.Watch(observe))
	return err
}

func (p *Power) powerOff(ctx context.Context, h hypervisor.Driver, inst model.Instance, force bool,
	w *operations.Watcher,
) (model.Instance, error) {
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, operations.Unfinished(inst)
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	if !force && (state == hypervisor.Paused || state == hypervisor.Stalled) {
		return inst, operations.NotRunning(inst, state) // nobody is awake in it who could power it off
	}
	w.Begin("stopped")
	if !operations.Down(state) {
		if err := p.journaled(ctx, "stop", inst, func() error { return cutOff(ctx, h, inst, force) }); err != nil {
			return inst, err
		}
	}
	stopped, err := p.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *model.Instance) error {
		i.State, i.Failure, i.Parked = model.Stopped, "", false
		// A guest that was ready and did not let go of its seed has none at its next start. One that never was ready
		// still needs it.
		i.SeedAttached = i.SeedAttached && i.ReadyAt.IsZero()
		return nil
	})
	if err != nil {
		return inst, err
	}
	w.Finish("stopped", "")
	return stopped, p.Parts.Relock(context.WithoutCancel(ctx), inst)
}

// journaled does a change of one step that nothing undoes, and journals it before and after.
func (p *Power) journaled(ctx context.Context, kind string, inst model.Instance, do func() error) error {
	op := p.Operations.Operation(kind, inst)
	op.Steps = []string{kind}
	if err := p.Records.PutOperation(ctx, op); err != nil {
		return err
	}
	operations.Began(ctx, op)
	failed := do()
	op.Status = model.Done
	if failed != nil {
		op.Status, op.Error = model.Undone, failed.Error()
	}
	op.Ended = p.Now().UTC()
	if err := p.Records.PutOperation(context.WithoutCancel(ctx), op); err != nil {
		return operations.OneError(failed, err)
	}
	return failed
}

// cutOff has the guest power off, or its power cut, and waits until it is off.
func cutOff(ctx context.Context, h hypervisor.Driver, inst model.Instance, force bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, err := h.Watch(ctx, inst.UUID)
	if err != nil {
		return err
	}
	ask := h.Shutdown
	if force {
		ask = h.Destroy
	}
	err = ask(ctx, inst.UUID)
	if errors.Is(err, hypervisor.ErrNoDomain) {
		return nil
	}
	if err == nil {
		err = untilOff(ctx, events)
	}
	if operations.IsEndOf(ctx, err) {
		return operations.CutShort(context.Cause(ctx), "cut the power: holm stop --force "+inst.Name,
			"instance %q has not powered off", inst.Name)
	}
	return err
}

func untilOff(ctx context.Context, events <-chan hypervisor.Event) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case e, open := <-events:
			if open && operations.Down(e.State) {
				return nil
			}
			if !open {
				return guestlink.Lost(ctx)
			}
		}
	}
}
