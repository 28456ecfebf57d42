package records

import (
	"context"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

func tenantKeys() shelf[model.TenantKey] {
	return shelf[model.TenantKey]{
		bucket: bucketTenantKeys, noun: "key",
		name: func(k model.TenantKey) string { return k.Tenant },
		note: func(k model.TenantKey) string { return "tenant " + k.Tenant + ", key " + k.Key.ID },
	}
}

// TenantKeys returns those of all tenants, sorted by tenant.
func (b *Bolt) TenantKeys(ctx context.Context) ([]model.TenantKey, error) {
	return tenantKeys().list(ctx, b)
}

// AddTenantKey stores a tenant's first key; ErrExists when it has one. admit is given the others; an error from it is
// returned as it is, and nothing is stored.
func (b *Bolt) AddTenantKey(ctx context.Context, key model.TenantKey, admit func(existing []model.TenantKey) error) error {
	return tenantKeys().add(ctx, b, key, admit)
}

// RotateKey replaces a tenant's key in one transaction with all that it has sealed: reseal is given the key and the tenant's
// instances, and changes both. ErrNotFound when the tenant has no key.
func (b *Bolt) RotateKey(ctx context.Context, tenant string,
	reseal func(key *model.TenantKey, instances []model.Instance) error,
) (key model.TenantKey, err error) {
	err = b.write(ctx, func(tx *bolt.Tx) (change, error) {
		found := false
		if key, found, err = tenantKeys().get(b, tx, tenant); err != nil {
			return change{}, err
		}
		if !found {
			return change{}, tenantKeys().missing(tenant)
		}
		own, err := b.allInstances(tx)
		if err != nil {
			return change{}, err
		}
		own = slices.DeleteFunc(own, func(inst model.Instance) bool { return inst.Tenant != tenant })
		if err := call(func() error { return reseal(&key, own) }); err != nil {
			return change{}, err
		}
		var also []change
		for _, inst := range own {
			c, err := putInstance(tx, inst, "reseal")
			if err != nil {
				return change{}, err
			}
			also = append(also, c)
		}
		c, err := tenantKeys().put(tx, key, "rotate")
		c.also = also
		return c, err
	})
	if err != nil {
		return model.TenantKey{}, err
	}
	return key, nil
}

// ResealTenantKeys changes how the keys of all tenants are sealed, in one transaction.
func (b *Bolt) ResealTenantKeys(ctx context.Context, reseal func(key *model.TenantKey) error) error {
	return b.write(ctx, func(tx *bolt.Tx) (change, error) {
		all, err := tenantKeys().all(b, tx)
		if err != nil || len(all) == 0 {
			return change{}, err
		}
		c := change{kind: "host.key-exchanged", object: "host/key", note: fmt.Sprintf("the keys of %d tenants sealed anew", len(all))}
		for _, key := range all {
			if err := call(func() error { return reseal(&key) }); err != nil {
				return change{}, err
			}
			put, err := tenantKeys().put(tx, key, "reseal")
			if err != nil {
				return change{}, err
			}
			c.also = append(c.also, put)
		}
		return c, nil
	})
}

// DestroyKey takes the key of an instance's volume away for good, and keeps its name; no error when it has none. ErrNotFound
// when there is no such instance.
func (b *Bolt) DestroyKey(ctx context.Context, id string) (inst model.Instance, err error) {
	err = b.write(ctx, func(tx *bolt.Tx) (change, error) {
		if inst, err = b.instance(tx, id); err != nil || inst.Key == nil || len(inst.Key.Box) == 0 {
			return change{}, err
		}
		gone := inst.Key.Destroyed()
		inst.Key = &gone
		c, err := putInstance(tx, inst, "key-destroyed")
		c.note = inst.Tenant + "/" + inst.Name + " key " + gone.ID
		return c, err
	})
	if err != nil {
		return model.Instance{}, err
	}
	return inst, nil
}

// Destroyed notes in the audit log what has become of an instance's volume: one line.
func (b *Bolt) Destroyed(ctx context.Context, inst model.Instance, what string) error {
	return b.write(ctx, func(*bolt.Tx) (change, error) {
		return change{kind: "volume.destroyed", object: "volume/" + inst.ID, note: inst.Tenant + "/" + inst.Name + " " + what}, nil
	})
}

// sealedNow refuses an instance whose key was sealed with one that its tenant has no more.
func (b *Bolt) sealedNow(tx *bolt.Tx, inst model.Instance) error {
	if inst.Key == nil {
		return nil
	}
	key, found, err := tenantKeys().get(b, tx, inst.Tenant)
	if err != nil {
		return err
	}
	if !found || key.Key.ID != inst.Key.By {
		return fmt.Errorf("the key of instance %q: %w", inst.Name, ErrRotated)
	}
	return nil
}
