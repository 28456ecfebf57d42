package records

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// tenants is where they are kept.
func tenants() shelf[model.Tenant] {
	return shelf[model.Tenant]{
		bucket: bucketTenants, noun: "tenant", dropped: leave,
		name: func(t model.Tenant) string { return t.Name },
		note: func(t model.Tenant) string {
			return fmt.Sprintf("%s %d instances %d CPUs %d MiB %d GiB", t.Name, t.Quota.Instances, t.Quota.CPUs, t.Quota.MemoryMiB, t.Quota.DiskGiB)
		},
	}
}

// AddTenant stores a new tenant, if the rules allow it; ErrExists when the name is taken. admit is given the others; an error
// from it is returned as it is, and nothing is stored.
func (b *Bolt) AddTenant(ctx context.Context, tenant model.Tenant, admit func(existing []model.Tenant) error, rules ...model.Rule) error {
	return tenants().add(ctx, b, tenant, admit, rules...)
}

// Tenant finds by name; ErrNotFound.
func (b *Bolt) Tenant(ctx context.Context, name string) (model.Tenant, error) {
	return tenants().find(ctx, b, name)
}

// Tenants returns all tenants, sorted by name.
func (b *Bolt) Tenants(ctx context.Context) ([]model.Tenant, error) { return tenants().list(ctx, b) }

// UpdateTenant changes one tenant in place, with what its instances have in view, and returns it as it is then; ErrNotFound.
// The callback must not keep the pointer, nor change the name. An error from it is returned as it is, and nothing changes.
func (b *Bolt) UpdateTenant(ctx context.Context, name string, alter func(tenant *model.Tenant,
	used model.Resources) error,
) (model.Tenant, error) {
	return tenants().update(ctx, b, name, func(tx *bolt.Tx, t *model.Tenant) error {
		all, err := b.allInstances(tx)
		if err != nil {
			return err
		}
		return call(func() error { return alter(t, model.Used(name, all)) })
	})
}

// DropTenant removes the tenant's record. admit is given its instances, in no particular order; an error from it is returned
// as it is, and nothing changes. ErrNotFound when there is no such tenant.
func (b *Bolt) DropTenant(ctx context.Context, name string, admit func(living []model.Instance) error) error {
	return tenants().drop(ctx, b, name, func(i model.Instance) bool { return i.Tenant == name }, admit)
}

// charge refuses an instance that its tenant may not have beside the others: an *OverQuota, or ErrNotFound when there is no
// such tenant any more. In a file from before there were tenants, every name is one without a quota.
func (b *Bolt) charge(tx *bolt.Tx, others []model.Instance, inst model.Instance) error {
	if tx.Bucket([]byte(bucketTenants)) == nil {
		return nil
	}
	tenant, found, err := tenants().get(b, tx, inst.Tenant)
	if err != nil {
		return err
	}
	used := model.Used(inst.Tenant, others)
	switch {
	case found:
		return tenant.Within(used, model.Used(inst.Tenant, []model.Instance{inst}))
	case inst.Tenant == model.DefaultTenant, used.Instances > 0: // it has some from before there were tenants
		return nil
	}
	return tenants().missing(inst.Tenant)
}

// leave is what goes with a tenant, in the transaction that removes it: its number is nobody's, and its key is gone. Who is made later
// under that name is somebody else.
func leave(b *Bolt, tx *bolt.Tx, tenant string) error {
	if err := retire(b, tx, tenant); err != nil {
		return err
	}
	key, found, err := tenantKeys().get(b, tx, tenant)
	if err != nil || !found {
		return err
	}
	if err := tx.Bucket([]byte(bucketTenantKeys)).Delete([]byte(tenant)); err != nil {
		return err
	}
	gone := change{kind: "key.drop", object: tenantKeys().object(tenant), note: tenantKeys().note(key)}
	return appendAudit(tx, gone, b.now(), b.actor())
}
