package instances

import (
	"context"
	"errors"
	"fmt"
	"os"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
)

// Remove destroys an instance and everything that belongs to it, in whatever state it is. What cannot be removed keeps
// its record, so that it can be tried again.
func (r *Remover) Remove(ctx context.Context, tenant, name string, observe operations.Observer) error {
	return r.remove(ctx, tenant, name, r.Pools.Reachable, r.Parts.RemoveVolume, observe)
}

// GiveUp is Remove for an instance whose pool will not come back: its volume stays with whoever has the drives. When the
// pool is there, the volume is removed as ever.
func (r *Remover) GiveUp(ctx context.Context, tenant, name string, observe operations.Observer) error {
	anyway := func(context.Context, model.Instance) error { return nil }
	return r.remove(ctx, tenant, name, anyway, r.Parts.GiveUpVolume, observe)
}

func (r *Remover) remove(ctx context.Context, tenant, name string, allowed onInstance, volume parts.Removal,
	observe operations.Observer,
) error {
	h, inst, release, err := r.Operations.Hold(ctx, tenant, name, operations.BreaksIn)
	if err != nil {
		return err
	}
	defer release()
	if err := allowed(ctx, inst); err != nil {
		return err
	}
	w := r.Operations.Watch(observe)
	w.Begin("removed")
	if err := r.destroy(ctx, h, inst, volume, w); err != nil {
		w.Tell("removed", operations.Broken, err.Error())
		return err
	}
	w.Finish("removed", "")
	r.Environments.tellSiblings(ctx, h, inst)
	return nil
}

// onInstance is something that is done to an instance, or asked of it.
type onInstance func(ctx context.Context, inst model.Instance) error

// destroy is the create's list backwards. It carries on past errors, and drops the record last: as long as anything is
// left, the record says what. Only the end of ctx stops it, between two steps.
func (r *Remover) destroy(ctx context.Context, h hypervisor.Driver, inst model.Instance, removeVolume parts.Removal,
	w *operations.Watcher,
) error {
	op := r.Operations.Operation("destroy", inst)
	if err := r.Records.PutOperation(ctx, op); err != nil {
		return err
	}
	operations.Began(ctx, op)
	inst, err := r.Records.Update(ctx, inst.ID, func(i *model.Instance) error {
		i.State = model.Destroying
		return nil
	})
	if err != nil {
		return err
	}
	var failed []error
	gone := false
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"power", func() error { return h.Destroy(ctx, inst.UUID) }},
		{"domain", func() error { return h.Undefine(ctx, inst.UUID) }},
		{"key", func() error { return r.destroyKey(ctx, h, inst) }},
		{"volume", func() error { return r.destroyVolume(ctx, inst, removeVolume) }},
		{"seed", func() error { return operations.RemoveFile(parts.SeedPath(r.Parts.Dir, inst.ID)) }},
		{"folder", func() error { return os.RemoveAll(parts.InstanceDir(r.Parts.Dir, inst.ID)) }},
		{"network", func() error {
			if len(failed) > 0 {
				return nil // what could not be removed may still need it
			}
			return r.Networks.LeaveNetwork(ctx, h, inst, func() error {
				r.Operations.Crash("destroy.record.before")
				err := r.removed(ctx, op)
				gone = err == nil
				return err
			})
		}},
	} {
		if ctx.Err() != nil {
			break
		}
		r.Operations.Crash("destroy." + step.name + ".before")
		w.Note("removed", step.name)
		op.Steps = append(op.Steps, step.name)
		if err := step.do(); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", step.name, err))
		}
		r.Operations.Crash("destroy." + step.name + ".after")
	}
	if gone {
		return nil
	}
	return r.stuck(ctx, inst, op, operations.OneError(failed...))
}

// destroyKey comes before the volume: from here on nobody opens that any more, also not if the rest has to wait for its pool.
func (r *Remover) destroyKey(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	if inst.Key == nil {
		return nil
	}
	if err := h.RemoveSecret(ctx, inst.UUID); err != nil && !errors.Is(err, hypervisor.ErrUnsupported) {
		return err
	}
	_, err := r.Records.DestroyKey(ctx, inst.ID)
	return err
}

// destroyVolume removes the volume and leaves a record of that in the audit log, which outlives the instance's.
func (r *Remover) destroyVolume(ctx context.Context, inst model.Instance, remove parts.Removal) error {
	done, err := remove(ctx, inst)
	if err != nil {
		return err
	}
	if inst.Key != nil {
		done = "key " + inst.Key.ID + " destroyed, " + done
	}
	return r.Records.Destroyed(ctx, inst, done)
}

// removed closes what the journal has of the instance, also the operations of holms that died, and drops the record.
func (r *Remover) removed(ctx context.Context, op model.Operation) error {
	all, err := r.Records.Operations(ctx, op.Instance)
	if err != nil {
		return err
	}
	now := r.Now().UTC()
	for _, old := range all {
		if old.ID == op.ID || old.Status == model.Done || old.Status == model.Undone {
			continue
		}
		old.Status, old.Ended = model.Undone, now
		if err := r.Records.PutOperation(ctx, old); err != nil {
			return err
		}
	}
	op.Status, op.Ended = model.Done, now
	if err := r.Records.PutOperation(ctx, op); err != nil {
		return err
	}
	return r.Records.Drop(ctx, op.Instance)
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
