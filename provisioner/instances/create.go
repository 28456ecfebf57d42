package instances

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/saga"
	"holm/provisioner/tenants"
	"holm/storage/records"
)

// Create makes an instance and waits until it is ready. When it fails before the guest was started, or is interrupted
// there, everything is undone; a guest that was started and does not become ready is kept, so that it can be looked
// into: its record says why.
func (c *Creator) Create(ctx context.Context, spec Spec, observe operations.Observer) (model.Instance, error) {
	w := c.Operations.Watch(observe)
	w.Begin("admitted")
	passed, err := c.admit(ctx, spec)
	if err != nil {
		return model.Instance{}, err
	}
	wanted := passed.inst
	h, err := c.Operations.Connect(ctx)
	if err != nil {
		return model.Instance{}, err
	}
	if err := c.Operations.Prepare(); err != nil {
		return model.Instance{}, err
	}
	release, err := c.Operations.HoldName(ctx, wanted.Tenant, wanted.Name, false)
	if err != nil {
		return model.Instance{}, err
	}
	defer release()
	if err := c.clearWreck(ctx, h, wanted.Tenant, wanted.Name); err != nil {
		return model.Instance{}, err
	}
	w.Finish("admitted", passed.text())

	w.Begin("reserved")
	reserved, err := c.reserve(ctx, passed)
	if err != nil {
		return model.Instance{}, err
	}
	operations.Began(ctx, reserved.op)
	plan := c.Parts.Plan(passed.set, h, reserved.inst)
	plan.New, plan.Image, plan.Watcher, plan.Passphrase = true, passed.image, w, reserved.passphrase
	w.Finish("reserved", reserved.inst.Address.String()+"  "+reserved.inst.MAC)
	c.Operations.Crash("create.reserved")

	inst, began, err := c.build(ctx, plan, reserved.op)
	if err != nil {
		return model.Instance{}, err
	}
	ready, err := c.Readiness.awaitReady(ctx, h, inst, began, w)
	if err == nil {
		c.Environments.tellSiblings(ctx, h, ready)
	}
	return ready, err
}

// text says for people what was admitted.
func (a admitted) text() string {
	inst := a.inst
	text := fmt.Sprintf("%d vCPU, %d MiB, %d GiB", inst.Flavor.VCPUs, inst.Flavor.MemoryMiB, inst.Flavor.DiskGiB)
	if a.survey != nil {
		text += fmt.Sprintf(", pool %s (%s, %s)", inst.Pool, a.survey.Tree.Summary(), a.survey.Pool.Health.Status)
	}
	if inst.Accel == machine.TCG {
		return text + "  LAB MODE: emulated, not isolated"
	}
	return text + ", tenant " + inst.Tenant
}

// reservation is an instance on record, the operation that builds it, and what opens its volume.
type reservation struct {
	inst       model.Instance
	op         model.Operation
	passphrase []byte
}

// reserve writes the record and the journal entry in one transaction. From here on, whatever happens, what belongs to
// the instance is known.
func (c *Creator) reserve(ctx context.Context, wanted admitted) (reservation, error) {
	inst := wanted.inst
	inst.ID, inst.UUID, inst.Created = operations.RandomHex(6), uuid.NewString(), c.Now().UTC()
	r := reservation{inst: inst, op: c.Operations.Operation("create", inst)}
	r.op.Steps = c.Parts.All().First()
	var err error
	if r.inst.UID, err = c.Tenants.UserOf(ctx, wanted.set, inst.Tenant); err != nil {
		return r, err
	}
	r.inst, err = c.ImageUse.putWithImage(ctx, inst.Image, func() (model.Instance, error) { return c.reserveSealed(ctx, wanted, &r) })
	if errors.Is(err, records.ErrNotFound) {
		return r, fault.New(fault.NotFound, "see what there is: holm tenant ls, holm pool ls",
			"somebody has removed what it was to be in: %w", err)
	}
	err = tenants.OverQuota(err)
	if errors.Is(err, records.ErrExists) {
		existing, findErr := c.Records.Instance(ctx, inst.Tenant, inst.Name)
		if findErr != nil {
			existing = inst
		}
		return r, c.taken(existing)
	}
	if err != nil && !operations.IsEndOf(ctx, err) {
		return r, operations.OneError(err)
	}
	return r, err
}

// reserveSealed seals the volume's key and reserves, again when the tenant's key was rotated in between.
func (c *Creator) reserveSealed(ctx context.Context, wanted admitted, r *reservation) (inst model.Instance, err error) {
	const most = 10 // somebody who rotates without an end keeps nobody here for ever
	set := wanted.set
	for range most {
		inst = r.inst
		if r.passphrase, err = c.Keys.SealVolume(ctx, set, &inst); err != nil {
			return inst, err
		}
		reserved, err := c.Records.Reserve(ctx, inst, r.op, func(existing []model.Instance, inst *model.Instance) error {
			return wanted.allocate(existing, inst)
		}, c.stillAdmitted(wanted, inst))
		if !errors.Is(err, records.ErrRotated) {
			return reserved, err
		}
		if set, err = c.Records.Settings(ctx); err != nil {
			return inst, err
		}
	}
	return inst, operations.Meanwhile("the key of tenant " + model.Quoted(inst.Tenant) + " was rotated, again and again")
}

// build runs the steps between the reservation and the running guest, and returns the record of that and when it began.
func (c *Creator) build(ctx context.Context, plan *parts.Plan, op model.Operation) (model.Instance, time.Time, error) {
	inst, began := plan.Instance, c.Now()
	_, err := c.Operations.Runner(plan.Watcher).Run(ctx, op, c.Parts.All().Create(plan))
	if failed, ok := errors.AsType[*saga.Failed](err); ok {
		return inst, began, c.abandon(ctx, plan, failed)
	}
	if err != nil {
		return inst, began, err
	}
	c.Operations.Crash("create.built")
	// The guest runs, whatever has become of ctx.
	booting, err := c.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *model.Instance) error {
		i.State, i.SeedAttached = model.Booting, true
		return nil
	})
	if err != nil {
		kind, _ := operations.Diagnose(err)
		return inst, began, fault.New(kind, "it was started and is not on record: "+model.Command("rm", inst), "create %s: %w", inst.Name, err)
	}
	return booting, began, nil
}

// clearWreck undoes what a holm that died left of an instance of this name while it was being made or removed. The
// caller holds the name, so nobody is at it now.
func (c *Creator) clearWreck(ctx context.Context, h hypervisor.Driver, tenant, name string) error {
	inst, err := c.Records.Instance(ctx, tenant, name)
	if errors.Is(err, records.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if inst.State != model.Creating && inst.State != model.Destroying {
		return c.taken(inst)
	}
	set, err := c.Records.Settings(ctx)
	if err != nil {
		return err
	}
	plan := c.Parts.Plan(set, h, inst)
	plan.Watcher = c.Operations.Watch(nil)
	return c.Remover.destroy(ctx, plan)
}
