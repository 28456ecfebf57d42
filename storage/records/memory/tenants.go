package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holm/provisioner/model"
)

// AddTenant stores a new tenant.
func (s *Store) AddTenant(ctx context.Context, tenant model.Tenant, admit func(existing []model.Tenant) error, rules ...model.Rule) error {
	return tenants.add(ctx, s, tenant, admit, rules...)
}

// Tenant finds by name.
func (s *Store) Tenant(ctx context.Context, name string) (model.Tenant, error) {
	return tenants.find(ctx, s, name)
}

// Tenants returns all tenants, sorted by name.
func (s *Store) Tenants(ctx context.Context) ([]model.Tenant, error) { return tenants.list(ctx, s) }

// UpdateTenant changes one tenant in place, with what its instances have in view.
func (s *Store) UpdateTenant(ctx context.Context, name string,
	change func(tenant *model.Tenant, used model.Resources) error,
) (model.Tenant, error) {
	return tenants.update(ctx, s, name, func(c *contents, t *model.Tenant) error {
		return change(t, model.Used(name, byName(c.Instances)))
	})
}

// DropTenant removes the tenant's record, and its key; its user is nobody's from then on.
func (s *Store) DropTenant(ctx context.Context, name string, admit func(living []model.Instance) error) error {
	mine := func(i model.Instance) bool { return i.Tenant == name }
	return tenants.drop(ctx, s, name, mine, admit, func(c *contents) {
		delete(c.Keys, name)
		for i, u := range c.Users {
			if u.Tenant == name && u.Left.IsZero() {
				c.Users[i].Left = time.Now().UTC()
			}
		}
	})
}

// Users returns all users that were ever given to a tenant.
func (s *Store) Users(ctx context.Context) ([]model.TenantUser, error) {
	c, err := s.read(ctx)
	return c.Users, err
}

// TakeUser returns the user of a tenant, or gives it the one that choose returns.
func (s *Store) TakeUser(ctx context.Context, tenant string, now time.Time,
	choose func(given []model.TenantUser) (int, error),
) (user model.TenantUser, err error) {
	if !validKey(tenant) {
		return user, fmt.Errorf("a tenant cannot have the name %.40q", tenant)
	}
	err = s.write(ctx, func(c *contents) error {
		taken := map[int]bool{}
		for _, u := range c.Users {
			if u.Tenant == tenant && u.Left.IsZero() {
				user = u
				return nil
			}
			taken[u.UID] = true
		}
		user = model.TenantUser{Tenant: tenant, Since: now}
		if user.UID, err = choose(slices.Clone(c.Users)); err != nil {
			return err
		}
		if user.UID <= 0 || taken[user.UID] {
			return fmt.Errorf("user %d cannot be given to tenant %q", user.UID, tenant)
		}
		c.Users = append(c.Users, user)
		return nil
	})
	if err != nil {
		return model.TenantUser{}, err
	}
	return user, nil
}
