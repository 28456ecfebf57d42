package instances

import (
	"context"
	"errors"
	"slices"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/guestlink"
	"holm/provisioner/hosts"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/proof"
	"holm/provisioner/saga"
	"holm/provisioner/tenants"
)

func (p *Power) powerOn(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *operations.Watcher) (model.Instance, error) {
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, operations.Unfinished(inst)
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	if !operations.Down(state) { // it was switched on by a holm that may have died before it had taken the key of that start back
		if err := p.Parts.Relock(ctx, inst); err != nil {
			return inst, err
		}
	}
	switch state {
	case hypervisor.Running:
		if err := errors.Join(p.Networks.GuardAgain(ctx, h, inst), p.Parts.Limit(ctx, h, inst)); err != nil {
			return inst, operations.OneError(err)
		}
		return p.catchUp(ctx, h, inst, w)
	case hypervisor.Stalled:
		resumed, err := p.unstall(ctx, h, inst)
		if err == nil && !resumed {
			err = stillFull(ctx, h, inst)
		}
		if err != nil {
			return inst, err
		}
		return p.catchUp(ctx, h, inst, w)
	case hypervisor.Paused, hypervisor.Absent:
		return inst, operations.NotRunning(inst, state)
	case hypervisor.Off, hypervisor.Crashed:
	}
	set, err := p.Records.Settings(ctx)
	if err != nil {
		return inst, err
	}
	if err := errors.Join(hosts.Emulates(inst, set.Host), tenants.RecheckResidency(set, inst)); err != nil {
		return inst, operations.OneError(err)
	}
	pool, err := p.Pools.In(set, inst.Pool)
	if err != nil {
		return inst, err
	}
	if err := p.Pools.RequireUsable(ctx, pool, w); err != nil {
		return inst, err
	}
	image, err := p.Images.Get(inst.Image)
	if err != nil {
		return inst, err
	}
	if !inst.Unverified {
		if err := proof.Promising(image, inst.Profile); err != nil {
			return inst, err
		}
	}
	if inst, err = p.Parts.WithUser(ctx, set, inst); err != nil {
		return inst, err
	}
	plan := p.Parts.Plan(set, h, inst)
	plan.Image, plan.Watcher = image, w
	return p.boot(ctx, plan)
}

// boot switches an instance on that may be, and waits until it is ready.
func (p *Power) boot(ctx context.Context, plan *parts.Plan) (model.Instance, error) {
	inst, b := plan.Instance, &boot{began: p.Now(), w: plan.Watcher}
	booting := func(i *model.Instance) error {
		i.State, i.Failure, i.Parked = model.Booting, "", false
		return nil
	}
	runner, unrecorded := p.Operations.Runner(plan.Watcher), error(nil)
	runner.Done = func(ctx context.Context, op model.Operation) error {
		b.inst, unrecorded = p.Records.Record(ctx, op, booting, b.look)
		return unrecorded
	}
	op := p.Operations.Operation("start", inst)
	operations.Began(ctx, op)
	if _, err := runner.Run(ctx, op, p.Parts.All().Start(plan)); err != nil {
		return inst, notStarted(ctx, inst, err)
	}
	if unrecorded != nil { // it runs, whatever has become of the operation
		if b.inst, unrecorded = p.Records.Update(context.WithoutCancel(ctx), inst.ID, booting); unrecorded != nil {
			return inst, unrecorded
		}
	}
	return p.Readiness.awaitReady(ctx, plan.Hypervisor, b)
}

// notStarted says why a start came to nothing.
func notStarted(ctx context.Context, inst model.Instance, err error) error {
	failed, ok := errors.AsType[*saga.Failed](err)
	if !ok {
		return err
	}
	if left := leftBehind(failed); left != nil {
		return fault.New(fault.Leftover, model.Try("cut its power", "stop --force", inst),
			"start %s: %s: %w", inst.Name, failed.Step, operations.OneError(failed.Cause, left))
	}
	if operations.IsEndOf(ctx, failed.Cause) {
		return operations.CutShort(context.Cause(ctx), model.Try("it is off again", "start", inst), "start %s", inst.Name)
	}
	return fault.Wrap(operations.OneError(failed.Cause), "start %s: %s", inst.Name, failed.Step)
}

// catchUp waits for an instance that somebody has switched on, unless it is ready, and says so itself: one that was ready
// may have booted anew since.
func (p *Power) catchUp(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *operations.Watcher) (model.Instance, error) {
	began := p.Now()
	if inst.State == model.Ready {
		r, err := p.Link.Quickly(ctx, h, inst)
		if err == nil && r.Stage == report.StageReady && r.BootID == inst.BootID && guestlink.Accept(inst, r) == nil {
			return inst, nil
		}
		if ctx.Err() != nil {
			return inst, kept(ctx, inst, context.Cause(ctx))
		}
		return p.Readiness.awaitReady(ctx, h, &boot{inst: inst, began: began, w: w})
	}
	if inst.State != model.Stopped { // else it was switched on behind holm's back, nobody knows when
		ops, err := p.Records.Operations(ctx, inst.ID)
		if err != nil {
			return inst, err
		}
		for _, op := range slices.Backward(ops) { // when so much has ended since that its start is not kept, nobody knows either
			if op.Status == model.Done && (op.Kind == "create" || op.Kind == "start") {
				began = op.Started
				break
			}
		}
	}
	return p.Readiness.awaitReady(ctx, h, &boot{inst: inst, began: began, w: w})
}
