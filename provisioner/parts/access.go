package parts

import (
	"context"
	"errors"
	"io/fs"

	"holm/provisioner/machine"
	"holm/provisioner/model"
)

// WithUser gives the user of its tenant to an instance that is off and was made before there were any. The record says it
// first: whoever dies then leaves files to libvirt's user that the next start hands over.
func (p *Parts) WithUser(ctx context.Context, set model.Settings, inst model.Instance) (model.Instance, error) {
	if inst.UID != 0 || p.Users == nil {
		return inst, nil
	}
	uid, err := p.Tenants.UserOf(ctx, set, inst.Tenant)
	if err != nil {
		return inst, err
	}
	changed, err := p.Records.Update(ctx, inst.ID, func(i *model.Instance) error {
		i.UID = uid
		return nil
	})
	if err != nil {
		return inst, err
	}
	p.Operations.Crash("start.user")
	return changed, nil
}

// grantAccess lets the user of an instance at its files, and at what QEMU needs of the host. Both are looked at before each
// start: devices lose their owner when the host boots, and a package may bring its own mode.
func (p *Parts) grantAccess(plan *Plan) error {
	inst := plan.Instance
	if inst.UID == 0 || p.Users == nil {
		return nil
	}
	if err := p.Users.Let(inst.UID, inst.Accel == machine.KVM); err != nil {
		return err
	}
	if err := p.Users.Own(plan.disks.Disk(inst.ID).Path, inst.UID); err != nil {
		return err
	}
	if err := p.Users.Own(SeedPath(p.Dir, inst.ID), inst.UID); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // it is deleted after the first boot
}
