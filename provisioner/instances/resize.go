package instances

import (
	"context"
	"fmt"

	"holm/internal/fault"
	"holm/provisioner/hosts"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/provisioner/tenants"
)

// Resize makes the state volume of an instance larger, and the guest's file system with it: at once when it runs, at its
// next start when not. Shrinking is refused. The record says the new size before the volume has it, and the old one again
// when it could not be made; the same size once more finishes what was begun.
func (c *Changer) Resize(ctx context.Context, tenant, name string, gib int, observe operations.Observer) (model.Instance, error) {
	if gib < 1 || gib > hosts.MaxDiskGiB {
		return model.Instance{}, fault.New(fault.Usage, "give another: --disk SIZE",
			"%d GiB of disk is out of range: use 1 to %d", gib, hosts.MaxDiskGiB)
	}
	h, inst, release, err := c.Operations.Hold(ctx, tenant, name, operations.AtOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, operations.Unfinished(inst)
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	switch state {
	case hypervisor.Paused, hypervisor.Stalled, hypervisor.Absent:
		return inst, operations.NotRunning(inst, state)
	case hypervisor.Running, hypervisor.Off, hypervisor.Crashed:
	}
	w := c.Operations.Watch(observe)
	w.Begin("admitted")
	before := inst.Flavor.DiskGiB
	inst, op, err := c.reserveSize(ctx, inst, gib)
	if err != nil {
		return inst, err
	}
	operations.Began(ctx, op)
	w.Finish("admitted", fmt.Sprintf("%d GiB → %d GiB", before, gib))
	c.Operations.Crash("resize.recorded")
	running := state == hypervisor.Running
	w.Begin("volume")
	if err := c.growVolume(ctx, h, inst, running); err != nil {
		return c.undoResize(ctx, inst, op, before, err)
	}
	w.Finish("volume", fmt.Sprintf("%d GiB", gib))
	c.Operations.Crash("resize.grown")
	op.Status, op.Ended = model.Done, c.Now().UTC()
	if err := c.Records.PutOperation(context.WithoutCancel(ctx), op); err != nil {
		return inst, err
	}
	if !running {
		return inst, nil
	}
	return inst, c.growFileSystem(ctx, h, inst, w)
}

// reserveSize takes the new size into the record, if the pool has room for it.
func (c *Changer) reserveSize(ctx context.Context, inst model.Instance, gib int) (model.Instance, model.Operation, error) {
	op := c.Operations.Operation("resize", inst)
	op.Steps = []string{"volume"}
	var where *pools.Survey
	pool, err := c.Pools.PoolOf(ctx, inst)
	if err != nil {
		return inst, op, err
	}
	if pool != nil {
		s, err := c.Pools.Survey(ctx, *pool)
		if err != nil {
			return inst, op, err
		}
		if s.Pool.Health.Status == model.PoolBroken {
			return inst, op, pools.Broken(s.Pool)
		}
		where = &s
	}
	changed, err := c.Records.Resize(ctx, inst.ID, op, func(others []model.Instance, i *model.Instance) error {
		if gib < i.Flavor.DiskGiB {
			return fault.New(fault.VolumeShrinks, "copy what is in it to a smaller instance instead",
				"instance %q has %d GiB, and a volume does not shrink to %d GiB",
				fault.Instance(i.Name), fault.Used(i.Flavor.DiskGiB), fault.Asked(gib)).With(fault.Unit("GiB"))
		}
		i.Flavor.DiskGiB = gib
		return where.Promise(others, *i)
	})
	if err != nil {
		return inst, op, tenants.OverQuota(err)
	}
	return changed, op, nil
}

// growVolume makes the volume as large as the record says, and tells a guest that runs.
func (c *Changer) growVolume(ctx context.Context, h hypervisor.Driver, inst model.Instance, running bool) error {
	disks, err := c.Pools.Disks(ctx, inst.Pool)
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

// undoResize takes a size back that the volume did not get, and says why it did not.
func (c *Changer) undoResize(ctx context.Context, inst model.Instance, op model.Operation, before int,
	failed error,
) (model.Instance, error) {
	after := context.WithoutCancel(ctx)
	op.Status, op.Ended, op.Error = model.Undone, c.Now().UTC(), failed.Error()
	undo := func() (model.Instance, error) {
		disks, err := c.Pools.Disks(after, inst.Pool)
		if err != nil {
			return inst, err
		}
		has, err := disks.Usage(after, inst.ID)
		if err != nil || has.VirtualBytes > int64(before)<<30 {
			return inst, err // it is larger than it was: the record stays with what was asked for
		}
		return c.Records.Update(after, inst.ID, func(i *model.Instance) error {
			i.Flavor.DiskGiB = before
			return nil
		})
	}
	inst, err := undo()
	if err != nil {
		op.Status = model.Stuck
	}
	err = operations.OneError(failed, err, c.Records.PutOperation(after, op))
	if operations.IsEndOf(ctx, failed) {
		return inst, operations.CutShort(context.Cause(ctx), model.Try("do it again", "resize", inst, "--disk", "SIZE"), "resize %s", inst.Name)
	}
	return inst, fault.Wrap(err, "resize %s", inst.Name)
}
