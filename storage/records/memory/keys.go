package memory

import (
	"context"
	"fmt"

	"holm/provisioner/model"
	"holm/storage/records"
)

// TenantKeys returns those of all tenants, sorted by tenant.
func (s *Store) TenantKeys(ctx context.Context) ([]model.TenantKey, error) {
	return tenantKeys.list(ctx, s)
}

// AddTenantKey stores a tenant's first key.
func (s *Store) AddTenantKey(ctx context.Context, key model.TenantKey, admit func(existing []model.TenantKey) error) error {
	return tenantKeys.add(ctx, s, key, admit)
}

// RotateKey replaces a tenant's key with all that it has sealed.
func (s *Store) RotateKey(ctx context.Context, tenant string,
	reseal func(key *model.TenantKey, instances []model.Instance) error,
) (model.TenantKey, error) {
	return tenantKeys.update(ctx, s, tenant, func(c *contents, key *model.TenantKey) error {
		own := c.of(func(i model.Instance) bool { return i.Tenant == tenant })
		if err := reseal(key, own); err != nil {
			return err
		}
		for _, inst := range own {
			c.Instances[inst.ID] = inst
		}
		return nil
	})
}

// ResealTenantKeys changes how the keys of all tenants are sealed.
func (s *Store) ResealTenantKeys(ctx context.Context, reseal func(key *model.TenantKey) error) error {
	return s.write(ctx, func(c *contents) error {
		for _, key := range byName(c.Keys) {
			if err := reseal(&key); err != nil {
				return err
			}
			c.Keys[key.Tenant] = key
		}
		return nil
	})
}

// DestroyKey takes the key of an instance's volume away, and keeps its name.
func (s *Store) DestroyKey(ctx context.Context, id string) (inst model.Instance, err error) {
	return s.Update(ctx, id, func(i *model.Instance) error {
		if i.Key != nil && len(i.Key.Box) > 0 {
			gone := i.Key.Destroyed()
			i.Key = &gone
		}
		return nil
	})
}

// Destroyed does nothing: there is no log.
func (s *Store) Destroyed(context.Context, model.Instance, string) error { return nil }

// SetFlavor stores a flavor in the place of another one of that name.
func (s *Store) SetFlavor(ctx context.Context, flavor model.Flavor) error {
	if !validKey(flavor.Name) {
		return fmt.Errorf("a flavor cannot have the name %.40q", flavor.Name)
	}
	return s.write(ctx, func(c *contents) error {
		c.Flavors[flavor.Name] = flavor
		return nil
	})
}

// Flavors returns all that were stored, sorted by name.
func (s *Store) Flavors(ctx context.Context) ([]model.Flavor, error) { return flavors.list(ctx, s) }

// DropFlavor removes a stored flavor.
func (s *Store) DropFlavor(ctx context.Context, name string) error {
	return s.write(ctx, func(c *contents) error {
		if _, found := c.Flavors[name]; !found {
			return fmt.Errorf("flavor %q %w", name, records.ErrNotFound)
		}
		delete(c.Flavors, name)
		return nil
	})
}

// Host returns the settings of this machine.
func (s *Store) Host(ctx context.Context) (model.Host, error) {
	c, err := s.read(ctx)
	return c.Host, err
}

// SetHost changes them, if the rules allow it.
func (s *Store) SetHost(ctx context.Context, change func(*model.Host) error, rules ...model.Rule) (host model.Host, err error) {
	err = s.write(ctx, func(c *contents) error {
		if err := c.ask(rules); err != nil {
			return err
		}
		if err := change(&c.Host); err != nil {
			return err
		}
		host = c.Host
		return nil
	})
	return host, err
}

// AddPool stores a new pool.
func (s *Store) AddPool(ctx context.Context, pool model.Pool, admit func(existing []model.Pool) error) error {
	return pools.add(ctx, s, pool, admit)
}

// Pool finds by name.
func (s *Store) Pool(ctx context.Context, name string) (model.Pool, error) {
	return pools.find(ctx, s, name)
}

// Pools returns all pools, sorted by name.
func (s *Store) Pools(ctx context.Context) ([]model.Pool, error) { return pools.list(ctx, s) }

// UpdatePool changes one pool in place.
func (s *Store) UpdatePool(ctx context.Context, name string, change func(*model.Pool) error) (model.Pool, error) {
	return pools.update(ctx, s, name, func(_ *contents, p *model.Pool) error { return change(p) })
}

// DropPool removes the pool's record, if the rules allow it.
func (s *Store) DropPool(ctx context.Context, name string, admit func(living []model.Instance) error, rules ...model.Rule) error {
	return pools.drop(ctx, s, name, func(i model.Instance) bool { return i.Pool == name }, admit, func(*contents) {}, rules...)
}
