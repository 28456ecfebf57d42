package parts

import (
	"context"
	"errors"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/storage/keys"
	"holm/storage/records"
	"holm/storage/volumes"
)

// key opens the volume. It is made with the record, and libvirt is told of it for the moment of a start.
func (p *Parts) key() Part {
	return Part{
		Name: "key",
		// It goes before the volume: from here on nobody opens that any more, also not if the rest has to wait for its pool.
		Remove: func(ctx context.Context, plan *Plan) error {
			if plan.Instance.Key == nil {
				return nil
			}
			err := plan.Hypervisor.RemoveSecret(ctx, plan.Instance.UUID)
			if err != nil && !errors.Is(err, hypervisor.ErrUnsupported) {
				return err
			}
			_, err = p.Records.DestroyKey(ctx, plan.Instance.ID)
			return err
		},
		Inspect: func(ctx context.Context, plan *Plan) (string, error) {
			if key := plan.Instance.Key; key != nil && len(key.Box) == 0 {
				return "was destroyed", nil
			}
			return "", nil
		},
	}
}

// withKey does something for which the hypervisor has to have the key of an instance's volume. It is given one that was made for this
// time: libvirt writes what it is given into its log, with the key that it encrypts that with beside it, both on a disk. When do has
// returned, QEMU has opened the volume or will not, and the key opens nothing any more.
func (p *Parts) withKey(ctx context.Context, plan *Plan, do func() error) error {
	h, inst, disks := plan.Hypervisor, plan.Instance, plan.disks
	pass, err := p.passphrase(ctx, plan)
	if err != nil {
		return err
	}
	if pass == nil {
		return do()
	}
	if plan.noDisks != nil {
		return plan.noDisks
	}
	once := keys.New().Passphrase()
	if err := disks.Lend(ctx, inst.ID, pass, once); err != nil {
		return err
	}
	p.Operations.Crash("start.lent")
	err = h.SetSecret(ctx, inst.UUID, disks.Disk(inst.ID).Path, once)
	if err == nil {
		p.Operations.Crash("start.unlocked")
		err = do()
		p.Operations.Crash("start.opened")
	}
	after := context.WithoutCancel(ctx)
	revoked := disks.Revoke(after, inst.ID)
	p.Operations.Crash("start.revoked")
	return operations.OneError(err, revoked, h.RemoveSecret(after, inst.UUID))
}

// Relock takes back what a start that was killed has lent of an instance's volume. A pool that is not there has nothing to open.
func (p *Parts) Relock(ctx context.Context, inst model.Instance) error {
	disks, err := p.lender(ctx, inst)
	if err != nil || disks == nil {
		return err
	}
	if err := disks.Revoke(ctx, inst.ID); fault.KindOf(err) != fault.Unfit {
		return err
	}
	return nil
}

// lender is where the volume of an instance lies if it is encrypted, and nil if not.
func (p *Parts) lender(ctx context.Context, inst model.Instance) (volumes.Backend, error) {
	if inst.Key == nil {
		return nil, nil
	}
	return p.Pools.Disks(ctx, inst.Pool)
}

// lends is where the volume of an instance lies if something of it is lent, and nil if not, or if its pool is not there.
func (p *Parts) lends(ctx context.Context, inst model.Instance) (volumes.Backend, error) {
	disks, err := p.lender(ctx, inst)
	if err != nil || disks == nil {
		return nil, err
	}
	lent, err := disks.Lent(ctx, inst.ID)
	if fault.KindOf(err) == fault.Unfit || err == nil && !lent {
		return nil, nil
	}
	return disks, err
}

// RelockAll does so for all instances. That something is lent is looked at before a lock is taken: nobody who changes an instance is to
// find it busy each minute. Whoever has the lock takes back what it lends itself.
func (p *Parts) RelockAll(ctx context.Context, all []model.Instance) (done []operations.Ended) {
	for _, inst := range all {
		did, err := p.relockIfLent(ctx, inst)
		switch {
		case err != nil:
			done = append(done, operations.Ended{Tenant: inst.Tenant, Name: inst.Name, Err: err})
		case did:
			done = append(done, operations.Ended{
				Tenant: inst.Tenant, Name: inst.Name,
				What: "was started by a holm that was killed; the key for that start opens its volume no more",
			})
		}
	}
	return done
}

// LentAll is what RelockAll would take back now.
func (p *Parts) LentAll(ctx context.Context, all []model.Instance) (found []operations.Ended) {
	for _, inst := range all {
		lent, err := p.lentByTheDead(ctx, inst)
		if err == nil && !lent {
			continue
		}
		e := operations.Ended{Tenant: inst.Tenant, Name: inst.Name, Err: err}
		if lent {
			e.What = "was started by a holm that was killed; the key for that start still opens its volume"
		}
		found = append(found, e)
	}
	return found
}

func (p *Parts) lentByTheDead(ctx context.Context, inst model.Instance) (bool, error) {
	disks, err := p.lends(ctx, inst)
	if err != nil || disks == nil {
		return false, err
	}
	working, err := p.Operations.AtWork(inst.Tenant, inst.Name)
	return err == nil && !working, err
}

func (p *Parts) relockIfLent(ctx context.Context, inst model.Instance) (did bool, err error) {
	disks, err := p.lends(ctx, inst)
	if err != nil || disks == nil {
		return false, err
	}
	if err := p.Operations.Prepare(); err != nil {
		return false, err
	}
	release, err := p.Operations.HoldName(ctx, inst.Tenant, inst.Name, false)
	if fault.KindOf(err) == fault.Busy {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer release()
	now, err := p.Records.Instance(ctx, inst.Tenant, inst.Name)
	if errors.Is(err, records.ErrNotFound) || err == nil && now.ID != inst.ID {
		return false, nil // it was removed meanwhile
	}
	if err == nil {
		err = disks.Revoke(ctx, inst.ID)
	}
	return err == nil, err
}
