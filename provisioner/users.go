package provisioner

import (
	"context"
	"errors"
	"io/fs"

	"holm/provisioner/machine"
	"holm/provisioner/model"
	"holm/provisioner/uids"
)

// Users are the users of this host that tenants' QEMUs run as. Implementation: uids.System.
type Users interface {
	// Others are the numbers that somebody else on this host has.
	Others() ([]uids.Claim, error)
	// Own gives a file, or a block device, to a user alone; no error when it has it already.
	Own(path string, uid int) error
	// Let lets a user at what every QEMU needs of the host, with kvm at hardware virtualization.
	Let(uid int, kvm bool) error
	// Unlet takes back what Let has given to this user alone.
	Unlet(uid int) error
}

// userOf returns the user of a tenant. One that has none yet is given it for good.
func (p *Provisioner) userOf(ctx context.Context, tenant string) (int, error) {
	if p.Users == nil {
		return 0, nil
	}
	host, err := p.Records.Host(ctx)
	if err != nil {
		return 0, err
	}
	text := host.Users
	if text == "" {
		text = uids.Default
	}
	from, err := uids.ParseRange(text)
	if err != nil {
		return 0, err
	}
	user, err := p.Records.TakeUser(ctx, tenant, p.Now().UTC(), func(given []model.TenantUser) (int, error) {
		others, err := p.Users.Others()
		if err != nil {
			return 0, err
		}
		if err := from.Clash(others); err != nil {
			return 0, err
		}
		var numbers []int
		for _, u := range given {
			numbers = append(numbers, u.UID)
		}
		return from.Choose(p.Dir, numbers)
	})
	return user.UID, err
}

// withUser gives the user of its tenant to an instance that is off and was made before there were any. The record says it
// first: whoever dies then leaves files to libvirt's user that the next start hands over.
func (p *Provisioner) withUser(ctx context.Context, inst model.Instance) (model.Instance, error) {
	if inst.UID != 0 || p.Users == nil {
		return inst, nil
	}
	uid, err := p.userOf(ctx, inst.Tenant)
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
	p.crash("start.user")
	return changed, nil
}

// handOver lets the user of an instance at its files, and at what QEMU needs of the host. Both are looked at before each
// start: devices lose their owner when the host boots, and a package may bring its own mode.
func (p *Provisioner) handOver(ctx context.Context, inst model.Instance) error {
	if inst.UID == 0 || p.Users == nil {
		return nil
	}
	disks, err := p.disks(ctx, inst.Pool)
	if err != nil {
		return err
	}
	if err := p.Users.Let(inst.UID, inst.Accel == machine.KVM); err != nil {
		return err
	}
	if err := p.Users.Own(disks.Disk(inst.ID).Path, inst.UID); err != nil {
		return err
	}
	if err := p.Users.Own(p.seedPath(inst.ID), inst.UID); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // it is deleted after the first boot
}

// dismiss takes from the user of a tenant that is gone what the host let it at. The number stays its own.
func (p *Provisioner) dismiss(given []model.TenantUser, tenant string) error {
	u := userIn(given, tenant)
	if p.Users == nil || u.UID == 0 {
		return nil
	}
	return p.Users.Unlet(u.UID)
}

// userIn is the user of a tenant that there is; zero when it has none.
func userIn(given []model.TenantUser, tenant string) model.TenantUser {
	for _, u := range given {
		if u.Tenant == tenant && u.Left.IsZero() {
			return u
		}
	}
	return model.TenantUser{}
}
