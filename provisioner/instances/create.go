package instances

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"holm/internal/fault"
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
	w.Finish("admitted", passed.text())

	w.Begin("reserved")
	reserved, err := c.reserve(ctx, passed)
	if wreck, ok := errors.AsType[*unfinished](err); ok {
		if err = c.Remover.clear(ctx, passed.set, h, wreck.inst); err == nil {
			reserved, err = c.reserve(ctx, passed)
		}
	}
	if err != nil {
		return model.Instance{}, err
	}
	operations.Began(ctx, reserved.op)
	plan := c.Parts.Plan(passed.set, h, reserved.inst)
	plan.New, plan.Image, plan.Watcher, plan.Passphrase = true, passed.image, w, reserved.passphrase
	w.Finish("reserved", reserved.inst.Address.String()+"  "+reserved.inst.MAC)
	c.Operations.Crash("create.reserved")

	b, err := c.build(ctx, plan, reserved.op)
	if err != nil {
		return model.Instance{}, err
	}
	ready, err := c.Readiness.awaitReady(ctx, h, b)
	if err == nil {
		c.Environments.tellSiblings(ctx, h, ready, *b.around)
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
		switch {
		case findErr != nil:
			existing = inst
		case existing.State == model.Creating || existing.State == model.Destroying:
			return r, &unfinished{existing}
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

// build runs the steps between the reservation and the running guest, and returns the boot of that.
func (c *Creator) build(ctx context.Context, plan *parts.Plan, op model.Operation) (*boot, error) {
	inst, b := plan.Instance, &boot{began: c.Now(), w: plan.Watcher}
	booting := func(i *model.Instance) error {
		i.State, i.SeedAttached = model.Booting, true
		return nil
	}
	runner, unrecorded := c.Operations.Runner(plan.Watcher), error(nil)
	runner.Done = func(ctx context.Context, op model.Operation) error {
		c.Operations.Crash("create.built")
		b.inst, unrecorded = c.Records.Record(ctx, op, booting, b.look)
		return unrecorded
	}
	_, err := runner.Run(ctx, op, c.Parts.All().Create(plan))
	if failed, ok := errors.AsType[*saga.Failed](err); ok {
		return nil, c.abandon(ctx, plan, failed)
	}
	if err != nil {
		return nil, err
	}
	if unrecorded != nil { // the guest runs, whatever has become of ctx and of the operation
		if b.inst, unrecorded = c.Records.Update(context.WithoutCancel(ctx), inst.ID, booting); unrecorded != nil {
			return nil, fault.Wrap(unrecorded, "create %s", inst.Name).WithRemedy(model.Try("it was started and is not on record", "rm", inst))
		}
	}
	return b, nil
}

// unfinished is what a holm that died left of an instance of the same name while it was being made or removed. Who holds the name
// knows that nobody is at it now.
type unfinished struct{ inst model.Instance }

func (u *unfinished) Error() string { return operations.Unfinished(u.inst).Error() }
