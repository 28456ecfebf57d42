package tenants

import (
	"context"

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

// UserOf returns the user of a tenant. One that has none in the settings is given it for good.
func (svc *Service) UserOf(ctx context.Context, set model.Settings, tenant string) (int, error) {
	if svc.Users == nil {
		return 0, nil
	}
	if user, has := set.User(tenant); has {
		return user.UID, nil
	}
	text := set.Host.Users
	if text == "" {
		text = uids.Default
	}
	from, err := uids.ParseRange(text)
	if err != nil {
		return 0, err
	}
	user, err := svc.Records.TakeUser(ctx, tenant, svc.Now().UTC(), func(given []model.TenantUser) (int, error) {
		others, err := svc.Users.Others()
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
		return from.Choose(svc.Dir, numbers)
	})
	return user.UID, err
}

// releaseUser takes from the user of a tenant that is gone what the host let it at. The number stays its own.
func (svc *Service) releaseUser(given []model.TenantUser, tenant string) error {
	u := UserIn(given, tenant)
	if svc.Users == nil || u.UID == 0 {
		return nil
	}
	return svc.Users.Unlet(u.UID)
}

// UserIn is the user of a tenant that there is; zero when it has none.
func UserIn(given []model.TenantUser, tenant string) model.TenantUser {
	for _, u := range given {
		if u.Tenant == tenant && u.Left.IsZero() {
			return u
		}
	}
	return model.TenantUser{}
}
