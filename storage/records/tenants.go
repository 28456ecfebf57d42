package records

import (
	"context"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// DefaultTenant is there without a record, and then has no quota: it serves the lone operator.
const DefaultTenant = "default"

// Resources are what instances take of a host, and what a tenant may have of it.
type Resources struct {
	Instances int `json:"instances"`
	CPUs      int `json:"cpus"`
	MemoryMiB int `json:"memory_mib"`
	DiskGiB   int `json:"disk_gib"`
}

// Tenant is whom instances belong to.
type Tenant struct {
	Name string `json:"name"`
	// Quota is the most that its instances may have together, stopped ones included; 0 is no limit.
	Quota Resources `json:"quota"`
	// Residency is where its data may lie: codes of countries, EU, EEA; none is everywhere.
	Residency []string `json:"residency,omitempty"`
	// AuthorizedKeys may log in to each instance that is made for it, besides those that are named then.
	AuthorizedKeys []string `json:"authorized_keys,omitempty"`

	// Network is where its instances live; nil is with those of the tenant "default", in the host's own.
	Network *TenantNetwork `json:"network,omitempty"`

	// Environment is what its instances are told of the world besides what the host says.
	Environment Environment `json:"environment,omitzero"`

	Created time.Time `json:"created"`
}

// TenantNetwork is the network of one tenant.
type TenantNetwork struct {
	Subnet   string `json:"subnet,omitempty"`  // IPv4, "10.200.0.0/24"; "" is the host's own network
	Subnet6  string `json:"subnet6,omitempty"` // IPv6, a /64; "" where there is none
	Bridge   string `json:"bridge,omitempty"`  // nobody else's; "" follows from the name, as before it was on record
	Internal bool   `json:"internal_traffic,omitempty"`
	Egress   string `json:"egress,omitempty"` // "allow", "deny", "192.0.2.0/24,2001:db8::/32"; "" is allow
}

// Used is what the instances of a tenant have together.
func Used(tenant string, instances []Instance) (sum Resources) {
	for _, inst := range instances {
		if inst.Tenant == tenant {
			sum.Instances++
			sum.CPUs += inst.Flavor.VCPUs
			sum.MemoryMiB += inst.Flavor.MemoryMiB
			sum.DiskGiB += inst.Flavor.DiskGiB
		}
	}
	return sum
}

// OverQuota means that a tenant would have more than it may.
type OverQuota struct {
	Tenant string
	What   string // "instances", "CPUs", "MiB of memory", "GiB of disk"
	Used   int    // without what was asked for
	Asked  int
	Quota  int
}

// Error implements error.
func (e *OverQuota) Error() string {
	return fmt.Sprintf("tenant %q has %d of %d %s: %d more are too many", e.Tenant, e.Used, e.Quota, e.What, e.Asked)
}

// Within returns an *OverQuota for the first thing of which used and asked together are more than the quota.
func (t Tenant) Within(used, asked Resources) error {
	for _, one := range []struct {
		what               string
		used, asked, quota int
	}{
		{"instances", used.Instances, asked.Instances, t.Quota.Instances},
		{"CPUs", used.CPUs, asked.CPUs, t.Quota.CPUs},
		{"MiB of memory", used.MemoryMiB, asked.MemoryMiB, t.Quota.MemoryMiB},
		{"GiB of disk", used.DiskGiB, asked.DiskGiB, t.Quota.DiskGiB},
	} {
		if one.quota > 0 && one.used+one.asked > one.quota {
			return &OverQuota{t.Name, one.what, one.used, one.asked, one.quota}
		}
	}
	return nil
}

// tenants is where they are kept.
func tenants() shelf[Tenant] {
	return shelf[Tenant]{
		bucket: bucketTenants, noun: "tenant", dropped: leave,
		name: func(t Tenant) string { return t.Name },
		note: func(t Tenant) string {
			return fmt.Sprintf("%s %d instances %d CPUs %d MiB %d GiB", t.Name, t.Quota.Instances, t.Quota.CPUs, t.Quota.MemoryMiB, t.Quota.DiskGiB)
		},
	}
}

// AddTenant stores a new tenant, if the rules allow it; ErrExists when the name is taken. admit is given the others; an error
// from it is returned as it is, and nothing is stored.
func (b *Bolt) AddTenant(ctx context.Context, tenant Tenant, admit func(existing []Tenant) error, rules ...Rule) error {
	return tenants().add(ctx, b, tenant, admit, rules...)
}

// Tenant finds by name; ErrNotFound.
func (b *Bolt) Tenant(ctx context.Context, name string) (Tenant, error) {
	return tenants().find(ctx, b, name)
}

// Tenants returns all tenants, sorted by name.
func (b *Bolt) Tenants(ctx context.Context) ([]Tenant, error) { return tenants().list(ctx, b) }

// UpdateTenant changes one tenant in place, with what its instances have in view, and returns it as it is then; ErrNotFound.
// The callback must not keep the pointer, nor change the name. An error from it is returned as it is, and nothing changes.
func (b *Bolt) UpdateTenant(ctx context.Context, name string, alter func(tenant *Tenant, used Resources) error) (Tenant, error) {
	return tenants().update(ctx, b, name, func(tx *bolt.Tx, t *Tenant) error {
		all, err := b.allInstances(tx)
		if err != nil {
			return err
		}
		return call(func() error { return alter(t, Used(name, all)) })
	})
}

// DropTenant removes the tenant's record. admit is given its instances, in no particular order; an error from it is returned
// as it is, and nothing changes. ErrNotFound when there is no such tenant.
func (b *Bolt) DropTenant(ctx context.Context, name string, admit func(living []Instance) error) error {
	return tenants().drop(ctx, b, name, func(i Instance) bool { return i.Tenant == name }, admit)
}

// charge refuses an instance that its tenant may not have beside the others: an *OverQuota, or ErrNotFound when there is no
// such tenant any more. In a file from before there were tenants, every name is one without a quota.
func (b *Bolt) charge(tx *bolt.Tx, others []Instance, inst Instance) error {
	if tx.Bucket([]byte(bucketTenants)) == nil {
		return nil
	}
	tenant, found, err := tenants().get(b, tx, inst.Tenant)
	if err != nil {
		return err
	}
	used := Used(inst.Tenant, others)
	switch {
	case found:
		return tenant.Within(used, Used(inst.Tenant, []Instance{inst}))
	case inst.Tenant == DefaultTenant, used.Instances > 0: // it has some from before there were tenants
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
