package instances

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
)

// Remove destroys an instance and everything that belongs to it, in whatever state it is. What cannot be removed keeps
// its record, so that it can be tried again.
func (r *Remover) Remove(ctx context.Context, tenant, name string, observe operations.Observer) error {
	return r.remove(ctx, tenant, name, false, observe)
}

// GiveUp is Remove for an instance whose pool will not come back: its volume stays with whoever has the drives. When the
// pool is there, the volume is removed as ever.
func (r *Remover) GiveUp(ctx context.Context, tenant, name string, observe operations.Observer) error {
	return r.remove(ctx, tenant, name, true, observe)
}

func (r *Remover) remove(ctx context.Context, tenant, name string, giveUp bool, observe operations.Observer) error {
	h, inst, release, err := r.Operations.Hold(ctx, tenant, name, operations.BreaksIn)
	if err != nil {
		return err
	}
	defer release()
	set, err := r.Records.Settings(ctx)
	if err != nil {
		return err
	}
	plan := r.Parts.Plan(set, h, inst)
	if plan.GiveUp = giveUp; !giveUp {
		if err := r.Parts.Reachable(ctx, plan); err != nil {
			return err
		}
	}
	w := r.Operations.Watch(observe)
	plan.Watcher = w
	w.Begin("removed")
	if err := r.destroy(ctx, plan); err != nil {
		w.Tell("removed", operations.Broken, err.Error())
		return err
	}
	w.Finish("removed", "")
	if around, err := r.Records.Around(ctx); err == nil {
		r.Environments.tellSiblings(ctx, h, inst, around)
	}
	return nil
}

// destroy removes all parts. It carries on past errors, and drops the record last: as long as anything is left, the record says
// what. Only the end of ctx stops it, between two parts.
func (r *Remover) destroy(ctx context.Context, plan *parts.Plan) error {
	op := r.Operations.Operation("destroy", plan.Instance)
	inst, err := r.Records.Record(ctx, op, func(i *model.Instance) error {
		i.State = model.Destroying
		return nil
	})
	if err != nil {
		return err
	}
	operations.Began(ctx, op)
	gone := false
	plan.Instance = inst
	// What has become of the volume stays in the audit log, which outlives the record.
	plan.Note = func(ctx context.Context, what string) error { return r.Records.Destroyed(ctx, inst, what) }
	plan.Last = func(ctx context.Context) error {
		r.Operations.Crash("destroy.record.before")
		op.Status, op.Ended = model.Done, r.Now().UTC()
		err := r.Records.Removed(ctx, op)
		gone = err == nil
		return err
	}
	left := r.Parts.All().Remove(ctx, plan, func(part string) func() {
		r.Operations.Crash("destroy." + part + ".before")
		plan.Watcher.Note("removed", part)
		op.Steps = append(op.Steps, part)
		return func() { r.Operations.Crash("destroy." + part + ".after") }
	})
	if gone {
		return nil
	}
	return r.stuck(ctx, inst, op, left)
}

// clear removes what is left of an instance whose holm died. The caller holds its name.
func (r *Remover) clear(ctx context.Context, set model.Settings, h hypervisor.Driver, inst model.Instance) error {
	plan := r.Parts.Plan(set, h, inst)
	plan.Watcher = r.Operations.Watch(nil)
	return r.destroy(ctx, plan)
}

// stuck journals a removal that did not come to its end, and says so.
func (r *Remover) stuck(ctx context.Context, inst model.Instance, op model.Operation, failed error) error {
	var result error
	if cause := context.Cause(ctx); cause != nil {
		result = operations.CutShort(cause, "finish it: "+model.Command("rm", inst), "remove %s", inst.Name)
	} else {
		result = fault.New(fault.Leftover, "try again: "+model.Command("rm", inst), "remove %s: %w", inst.Name, failed)
	}
	op.Status, op.Ended, op.Error = model.Stuck, r.Now().UTC(), result.Error()
	if err := r.Records.PutOperation(context.WithoutCancel(ctx), op); err != nil {
		return operations.OneError(result, err)
	}
	return result
}
