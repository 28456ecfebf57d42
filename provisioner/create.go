package provisioner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/model"
	"holm/provisioner/saga"
	"holm/storage/records"
)

// Create makes an instance and waits until it is ready. When it fails before the guest was started, or is interrupted
// there, everything is undone; a guest that was started and does not become ready is kept, so that it can be looked
// into: its record says why.
func (p *Provisioner) Create(ctx context.Context, spec CreateSpec, observe Observer) (model.Instance, error) {
	w := p.watch(observe)
	w.begin("admitted")
	passed, err := p.admit(ctx, spec)
	if err != nil {
		return model.Instance{}, err
	}
	wanted := passed.inst
	h, err := p.connect(ctx)
	if err != nil {
		return model.Instance{}, err
	}
	if err := p.prepare(); err != nil {
		return model.Instance{}, err
	}
	release, err := p.holdName(ctx, wanted.Tenant, wanted.Name, false)
	if err != nil {
		return model.Instance{}, err
	}
	defer release()
	if err := p.clearWreck(ctx, h, wanted.Tenant, wanted.Name); err != nil {
		return model.Instance{}, err
	}
	w.finish("admitted", passed.text())

	w.begin("reserved")
	reserved, op, err := p.reserve(ctx, passed)
	if err != nil {
		return model.Instance{}, err
	}
	w.finish("reserved", reserved.Address+"  "+reserved.MAC)
	p.crash("create.reserved")

	inst, began, err := p.build(ctx, h, reserved, op, passed.image, w)
	if err != nil {
		return model.Instance{}, err
	}
	ready, err := p.awaitReady(ctx, h, inst, began, w)
	if err == nil {
		p.tellSiblings(ctx, h, ready)
	}
	return ready, err
}

// text says for people what was admitted.
func (a admitted) text() string {
	inst := a.inst
	text := fmt.Sprintf("%d vCPU, %d MiB, %d GiB", inst.Flavor.VCPUs, inst.Flavor.MemoryMiB, inst.Flavor.DiskGiB)
	if a.survey != nil {
		text += fmt.Sprintf(", pool %s (%s, %s)", inst.Pool, a.survey.tree.Summary(), a.survey.pool.Health.Status)
	}
	if inst.Accel == machine.TCG {
		return text + "  LAB MODE: emulated, not isolated"
	}
	return text + ", tenant " + inst.Tenant
}

// reserve writes the record and the journal entry in one transaction. From here on, whatever happens, what belongs to
// the instance is known.
func (p *Provisioner) reserve(ctx context.Context, wanted admitted) (model.Instance, model.Operation, error) {
	inst := wanted.inst
	inst.ID, inst.UUID, inst.Created = randomHex(6), newUUID(), p.Now().UTC()
	op := p.operation("create", inst)
	var err error
	if inst.UID, err = p.userOf(ctx, inst.Tenant); err != nil {
		return inst, op, err
	}
	inst, err = p.putWithImage(ctx, inst.Image, func() (model.Instance, error) { return p.reserveSealed(ctx, wanted, inst, op) })
	if errors.Is(err, records.ErrNotFound) {
		return inst, op, fault.New(fault.NotFound, "see what there is: holm tenant ls, holm pool ls",
			"somebody has removed what it was to be in: %w", err)
	}
	err = overQuota(err)
	if errors.Is(err, records.ErrExists) {
		existing, findErr := p.Records.Instance(ctx, inst.Tenant, inst.Name)
		if findErr != nil {
			existing = inst
		}
		return inst, op, p.taken(existing)
	}
	if err != nil && !ended(ctx, err) {
		return inst, op, oneError(err)
	}
	return inst, op, err
}

// reserveSealed seals the volume's key and reserves, again when the tenant's key was rotated in between.
func (p *Provisioner) reserveSealed(ctx context.Context, wanted admitted, inst model.Instance,
	op model.Operation,
) (model.Instance, error) {
	const most = 10 // somebody who rotates without an end keeps nobody here for ever
	for range most {
		if err := p.sealVolume(ctx, &inst); err != nil {
			return inst, err
		}
		reserved, err := p.Records.Reserve(ctx, inst, op, func(existing []model.Instance, inst *model.Instance) error {
			return wanted.allot(existing, inst)
		}, p.stillAdmitted(wanted, inst))
		if !errors.Is(err, records.ErrRotated) {
			return reserved, err
		}
	}
	return inst, meanwhile("the key of tenant " + quoted(inst.Tenant) + " was rotated, again and again")
}

// build runs the steps between the reservation and the running guest, and returns the record of that and when it began.
func (p *Provisioner) build(ctx context.Context, h hypervisor.Driver, inst model.Instance, op model.Operation, image images.Manifest,
	w *watcher,
) (model.Instance, time.Time, error) {
	began := p.Now()
	_, err := p.runner(w).Run(ctx, op, p.createStages(h, inst, image, w))
	if failed, ok := errors.AsType[*saga.Failed](err); ok {
		return inst, began, p.abandon(ctx, h, inst, failed)
	}
	if err != nil {
		return inst, began, err
	}
	p.crash("create.built")
	// The guest runs, whatever has become of ctx.
	booting, err := p.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *model.Instance) error {
		i.State, i.SeedAttached = model.Booting, true
		return nil
	})
	if err != nil {
		kind, _ := diagnose(err)
		return inst, began, fault.New(kind, "it was started and is not on record: "+command("rm", inst), "create %s: %w", inst.Name, err)
	}
	return booting, began, nil
}

// clearWreck undoes what a holm that died left of an instance of this name while it was being made or removed. The
// caller holds the name, so nobody is at it now.
func (p *Provisioner) clearWreck(ctx context.Context, h hypervisor.Driver, tenant, name string) error {
	inst, err := p.Records.Instance(ctx, tenant, name)
	if errors.Is(err, records.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if inst.State != model.Creating && inst.State != model.Destroying {
		return p.taken(inst)
	}
	return p.destroy(ctx, h, inst, p.removeVolume, p.watch(nil))
}
