package provisioner

import (
	"context"
	"fmt"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/model"
)

// maxDiskGiB is the largest state volume that may be asked for.
const maxDiskGiB = 16 << 10

// Resize makes the state volume of an instance larger, and the guest's file system with it: at once when it runs, at its
// next start when not. Shrinking is refused. The record says the new size before the volume has it, and the old one again
// when it could not be made; the same size once more finishes what was begun.
func (p *Provisioner) Resize(ctx context.Context, tenant, name string, gib int, observe Observer) (model.Instance, error) {
	if gib < 1 || gib > maxDiskGiB {
		return model.Instance{}, fault.New(fault.Usage, "give another: --disk SIZE",
			"%d GiB of disk is out of range: use 1 to %d", gib, maxDiskGiB)
	}
	h, inst, release, err := p.hold(ctx, tenant, name, atOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, unfinished(inst)
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	switch state {
	case hypervisor.Paused, hypervisor.Stalled, hypervisor.Absent:
		return inst, notRunning(inst, state)
	case hypervisor.Running, hypervisor.Off, hypervisor.Crashed:
	}
	w := p.watch(observe)
	w.begin("admitted")
	before := inst.Flavor.DiskGiB
	inst, op, err := p.reserveSize(ctx, inst, gib)
	if err != nil {
		return inst, err
	}
	w.finish("admitted", fmt.Sprintf("%d GiB → %d GiB", before, gib))
	p.crash("resize.recorded")
	running := state == hypervisor.Running
	w.begin("volume")
	if err := p.growVolume(ctx, h, inst, running); err != nil {
		return p.unsize(ctx, inst, op, before, err)
	}
	w.finish("volume", fmt.Sprintf("%d GiB", gib))
	p.crash("resize.grown")
	op.Status, op.Ended = model.Done, p.Now().UTC()
	if err := p.Records.PutOperation(context.WithoutCancel(ctx), op); err != nil {
		return inst, err
	}
	if !running {
		return inst, nil
	}
	return inst, p.growFileSystem(ctx, h, inst, w)
}

// reserveSize takes the new size into the record, if the pool has room for it.
func (p *Provisioner) reserveSize(ctx context.Context, inst model.Instance, gib int) (model.Instance, model.Operation, error) {
	op := p.operation("resize", inst)
	op.Steps = []string{"volume"}
	var where *survey
	pool, err := p.poolOf(ctx, inst)
	if err != nil {
		return inst, op, err
	}
	if pool != nil {
		s, err := p.survey(ctx, *pool)
		if err != nil {
			return inst, op, err
		}
		if s.pool.Health.Status == model.PoolBroken {
			return inst, op, broken(s.pool)
		}
		where = &s
	}
	changed, err := p.Records.Resize(ctx, inst.ID, op, func(others []model.Instance, i *model.Instance) error {
		if gib < i.Flavor.DiskGiB {
			return fault.New(fault.Usage, "copy what is in it to a smaller instance instead",
				"instance %q has %d GiB, and a volume does not shrink to %d GiB", i.Name, i.Flavor.DiskGiB, gib)
		}
		i.Flavor.DiskGiB = gib
		return where.promise(others, *i)
	})
	if err != nil {
		return inst, op, overQuota(err)
	}
	return changed, op, nil
}

// growVolume makes the volume as large as the record says, and tells a guest that runs.
func (p *Provisioner) growVolume(ctx context.Context, h hypervisor.Driver, inst model.Instance, running bool) error {
	disks, err := p.disks(ctx, inst.Pool)
	if err != nil {
		return err
	}
	if block := disks.Disk(inst.ID).Block; block || !running {
		if err := disks.Grow(ctx, inst.ID, inst.Flavor.DiskGiB, inst.Key != nil); err != nil || !running {
			return err
		}
	}
	return h.ResizeDisk(ctx, inst.UUID, machine.StateTarget, uint64(inst.Flavor.DiskGiB)<<30) // #nosec G115 -- positive
}

// unsize takes a size back that the volume did not get, and says why it did not.
func (p *Provisioner) unsize(ctx context.Context, inst model.Instance, op model.Operation, before int,
	failed error,
) (model.Instance, error) {
	after := context.WithoutCancel(ctx)
	op.Status, op.Ended, op.Error = model.Undone, p.Now().UTC(), failed.Error()
	undo := func() (model.Instance, error) {
		disks, err := p.disks(after, inst.Pool)
		if err != nil {
			return inst, err
		}
		has, err := disks.Usage(after, inst.ID)
		if err != nil || has.VirtualBytes > int64(before)<<30 {
			return inst, err // it is larger than it was: the record stays with what was asked for
		}
		return p.Records.Update(after, inst.ID, func(i *model.Instance) error {
			i.Flavor.DiskGiB = before
			return nil
		})
	}
	inst, err := undo()
	if err != nil {
		op.Status = model.Stuck
	}
	err = oneError(failed, err, p.Records.PutOperation(after, op))
	if ended(ctx, failed) {
		return inst, cutShort(context.Cause(ctx), "do it again: "+command("resize", inst)+" --disk SIZE", "resize %s", inst.Name)
	}
	kind, remedy := diagnose(err)
	return inst, fault.New(kind, remedy, "resize %s: %w", inst.Name, err)
}
