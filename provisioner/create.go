package provisioner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/saga"
	"holm/storage/records"
)

// Create makes an instance and waits until it is ready. When it fails before the guest was started, or is interrupted
// there, everything is undone; a guest that was started and does not become ready is kept, so that it can be looked
// into: its record says why.
func (p *Provisioner) Create(ctx context.Context, spec CreateSpec, observe Observer) (records.Instance, error) {
	w := p.watch(observe)
	w.begin("admitted")
	wanted, image, err := p.admit(ctx, spec)
	if err != nil {
		return records.Instance{}, err
	}
	if err := p.prepare(); err != nil {
		return records.Instance{}, err
	}
	release, err := p.holdName(ctx, wanted.Tenant, wanted.Name, false)
	if err != nil {
		return records.Instance{}, err
	}
	defer release()
	h, err := p.connect(ctx)
	if err != nil {
		return records.Instance{}, err
	}
	if err := p.clearWreck(ctx, h, wanted.Tenant, wanted.Name); err != nil {
		return records.Instance{}, err
	}
	w.finish("admitted", admittedText(wanted))

	w.begin("reserved")
	inst, op, err := p.reserve(ctx, wanted)
	if err != nil {
		return records.Instance{}, err
	}
	w.finish("reserved", inst.Address+"  "+inst.MAC)

	started, err := p.build(ctx, h, inst, op, image, w)
	if err != nil {
		return records.Instance{}, err
	}
	return p.awaitReady(ctx, h, inst, started, w)
}

func admittedText(inst records.Instance) string {
	text := fmt.Sprintf("tenant %s, %d vCPU, %d MiB, %d GiB", inst.Tenant, inst.Flavor.VCPUs, inst.Flavor.MemoryMiB, inst.Flavor.DiskGiB)
	if inst.Accel == "tcg" {
		text += ", LAB MODE: emulated, not isolated"
	}
	return text
}

// reserve writes the record and the journal entry in one transaction. From here on, whatever happens, what belongs to
// the instance is known.
func (p *Provisioner) reserve(ctx context.Context, inst records.Instance) (records.Instance, records.Operation, error) {
	inst.ID, inst.UUID, inst.Created = randomHex(6), newUUID(), p.Now().UTC()
	op := p.operation("create", inst)
	inst, err := p.Records.Reserve(ctx, inst, op, p.allot)
	if errors.Is(err, records.ErrExists) {
		existing, findErr := p.Records.Instance(ctx, inst.Tenant, inst.Name)
		if findErr != nil {
			existing = inst
		}
		return inst, op, p.taken(existing)
	}
	return inst, op, err
}

// build runs the steps between the reservation and the running guest. It returns when the guest was started.
func (p *Provisioner) build(ctx context.Context, h Hypervisor, inst records.Instance, op records.Operation, image images.Manifest, w *watcher) (time.Time, error) {
	started := p.Now()
	runner := p.runner(w)
	_, err := runner.Run(ctx, op, p.createStages(h, inst, image, w))
	if err == nil {
		_, err = p.Records.Update(ctx, inst.ID, func(i *records.Instance) error {
			i.State, i.SeedAttached = records.Booting, true
			return nil
		})
		return started, err
	}
	failed, ok := errors.AsType[*saga.Failed](err)
	if !ok {
		return started, err
	}
	after := context.WithoutCancel(ctx)
	if len(failed.LeftBehind) > 0 {
		_, _ = p.Records.Update(after, inst.ID, func(i *records.Instance) error {
			i.State, i.Failure = records.Failed, err.Error()
			return nil
		})
		return started, fault.New(fault.Leftover, "finish the removal: holm rm "+inst.Name, "create %s: %w", inst.Name, err)
	}
	if dropErr := p.Records.Drop(after, inst.ID); dropErr != nil {
		return started, fault.New(fault.Leftover, "finish the removal: holm rm "+inst.Name, "create %s: %w", inst.Name, errors.Join(err, dropErr))
	}
	return started, undone(ctx, inst, failed)
}

// undone says why a create came to nothing, and that nothing is left of it.
func undone(ctx context.Context, inst records.Instance, failed *saga.Failed) error {
	list := slices.Clone(failed.Undone)
	list = append(list, "reservation")
	what := "undone: " + strings.Join(list, ", ")
	if ctx.Err() != nil {
		return fault.New(fault.Interrupted, what, "create %s: %w", inst.Name, context.Cause(ctx))
	}
	kind, remedy := fault.KindOf(failed.Cause), fault.RemedyOf(failed.Cause)
	if remedy == "" {
		remedy = what
	}
	return fault.New(kind, remedy, "create %s: %s: %w", inst.Name, failed.Step, failed.Cause)
}

// clearWreck undoes what a holm that died left of an instance of this name while it was being made or removed. The
// caller holds the name, so nobody is at it now.
func (p *Provisioner) clearWreck(ctx context.Context, h Hypervisor, tenant, name string) error {
	inst, err := p.Records.Instance(ctx, tenant, name)
	if errors.Is(err, records.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if inst.State != records.Creating && inst.State != records.Destroying {
		return p.taken(inst)
	}
	return p.destroy(ctx, h, inst, p.watch(nil))
}
