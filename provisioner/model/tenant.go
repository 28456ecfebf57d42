package model

import (
	"fmt"
	"net/netip"
	"time"

	"holm/storage/keys"
)

// TenantKey is what the keys of a tenant's volumes are sealed with. It is kept apart from the tenant, as tenants have one who
// are not on record.
type TenantKey struct {
	Tenant string      `json:"tenant"`
	Key    keys.Sealed `json:"key"` // opened by the host's
	Made   time.Time   `json:"made"`
}

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
	Subnet   netip.Prefix `json:"subnet,omitzero"`  // IPv4, "10.200.0.0/24"; zero is the host's own network
	Subnet6  netip.Prefix `json:"subnet6,omitzero"` // IPv6, a /64; zero where there is none
	Bridge   string       `json:"bridge,omitempty"` // nobody else's; "" follows from the name, as before it was on record
	Internal bool         `json:"internal_traffic,omitempty"`
	Egress   string       `json:"egress,omitempty"` // "allow", "deny", "192.0.2.0/24,2001:db8::/32"; "" is allow
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

// TenantUser is a number of this host's under which the QEMUs of one tenant run, as user and as group. It is kept for good:
// a file that a tenant which is gone has left somewhere must never belong to another one.
type TenantUser struct {
	UID    int       `json:"uid"`
	Tenant string    `json:"tenant"`
	Since  time.Time `json:"since"`
	Left   time.Time `json:"left,omitzero"` // when the tenant was removed
}
