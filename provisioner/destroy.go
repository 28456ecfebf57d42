package provisioner

import (
	"context"
	"errors"
	"fmt"
	"os"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

// Remove destroys an instance and everything that belongs to it, in whatever state it is. What cannot be removed keeps
// its record, so that it can be tried again.
func (p *Provisioner) Remove(ctx context.Context, tenant, name string, observe Observer) error {
	return p.remove(ctx, tenant, name, p.reachable, p.removeVolume, observe)
}

// GiveUp is Remove for an instance whose pool will not come back: its volume stays with whoever has the drives. When the
// pool is there, the volume is removed as ever.
func (p *Provisioner) GiveUp(ctx context.Context, tenant, name string, observe Observer) error {
	anyway := func(context.Context, model.Instance) error { return nil }
	return p.remove(ctx, tenant, name, anyway, p.giveUpVolume, observe)
}

func (p *Provisioner) remove(ctx context.Context, tenant, name string, allowed onInstance, volume removal, observe Observer) error {
	h, inst, release, err := p.hold(ctx, tenant, name, breaksIn)
	if err != nil {
		return err
	}
	defer release()
	if err := allowed(ctx, inst); err != nil {
		return err
	}
	w := p.watch(observe)
	w.begin("removed")
	if err := p.destroy(ctx, h, inst, volume, w); err != nil {
		w.tell("removed", Broken, err.Error())
		return err
	}
	w.finish("removed", "")
	p.tellSiblings(ctx, h, inst)
	return nil
}

// removal removes the volume of an instance, and says what it did.
type removal func(ctx context.Context, inst model.Instance) (done string, err error)

// onInstance is something that is done to an instance, or asked of it.
type onInstance func(ctx context.Context, inst model.Instance) error

// destroy is the create's list backwards. It carries on past errors, and drops the record last: as long as anything is
// left, the record says what. Only the end of ctx stops it, between two steps.
func (p *Provisioner) destroy(ctx context.Context, h hypervisor.Driver, inst model.Instance, removeVolume removal, w *watcher) error {
	op := p.operation("destroy", inst)
	if err := p.Records.PutOperation(ctx, op); err != nil {
		return err
	}
	inst, err := p.Records.Update(ctx, inst.ID, func(i *model.Instance) error {
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
		{"key", func() error { return p.destroyKey(ctx, h, inst) }},
		{"volume", func() error { return p.destroyVolume(ctx, inst, removeVolume) }},
		{"seed", func() error { return removeFile(p.seedPath(inst.ID)) }},
		{"folder", func() error { return os.RemoveAll(p.instanceDir(inst.ID)) }},
		{"network", func() error {
			if len(failed) > 0 {
				return nil // what could not be removed may still need it
			}
			return p.leaveNetwork(ctx, h, inst, func() error {
				p.crash("destroy.record.before")
				err := p.removed(ctx, op)
				gone = err == nil
				return err
			})
		}},
	} {
		if ctx.Err() != nil {
			break
		}
		p.crash("destroy." + step.name + ".before")
		w.note("removed", step.name)
		op.Steps = append(op.Steps, step.name)
		if err := step.do(); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", step.name, err))
		}
		p.crash("destroy." + step.name + ".after")
	}
	if gone {
		return nil
	}
	return p.stuck(ctx, inst, op, oneError(failed...))
}

// destroyKey comes before the volume: from here on nobody opens that any more, also not if the rest has to wait for its pool.
func (p *Provisioner) destroyKey(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	if inst.Key == nil {
		return nil
	}
	if err := h.RemoveSecret(ctx, inst.UUID); err != nil && !errors.Is(err, hypervisor.ErrUnsupported) {
		return err
	}
	_, err := p.Records.DestroyKey(ctx, inst.ID)
	return err
}

// destroyVolume removes the volume and leaves a record of that in the audit log, which outlives the instance's.
func (p *Provisioner) destroyVolume(ctx context.Context, inst model.Instance, remove removal) error {
	done, err := remove(ctx, inst)
	if err != nil {
		return err
	}
	if inst.Key != nil {
		done = "key " + inst.Key.ID + " destroyed, " + done
	}
	return p.Records.Destroyed(ctx, inst, done)
}

// removed closes what the journal has of the instance, also the operations of holms that died, and drops the record.
func (p *Provisioner) removed(ctx context.Context, op model.Operation) error {
	all, err := p.Records.Operations(ctx, op.Instance)
	if err != nil {
		return err
	}
	now := p.Now().UTC()
	for _, old := range all {
		if old.ID == op.ID || old.Status == model.Done || old.Status == model.Undone {
			continue
		}
		old.Status, old.Ended = model.Undone, now
		if err := p.Records.PutOperation(ctx, old); err != nil {
			return err
		}
	}
	op.Status, op.Ended = model.Done, now
	if err := p.Records.PutOperation(ctx, op); err != nil {
		return err
	}
	return p.Records.Drop(ctx, op.Instance)
}

// stuck journals a removal that did not come to its end, and says so.
func (p *Provisioner) stuck(ctx context.Context, inst model.Instance, op model.Operation, failed error) error {
	var result error
	if cause := context.Cause(ctx); cause != nil {
		result = cutShort(cause, "finish it: "+command("rm", inst), "remove %s", inst.Name)
	} else {
		result = fault.New(fault.Leftover, "try again: "+command("rm", inst), "remove %s: %w", inst.Name, failed)
	}
	op.Status, op.Ended, op.Error = model.Stuck, p.Now().UTC(), result.Error()
	if err := p.Records.PutOperation(context.WithoutCancel(ctx), op); err != nil {
		return oneError(result, err)
	}
	return result
}

func (p *Provisioner) crash(point string) {
	if p.Crash != nil {
		p.Crash(point)
	}
}
