package v1

import "time"

// Resources are what instances take of a host, and what a tenant may have of it.
type Resources struct {
	// Instances is a number of instances, stopped ones included.
	Instances int `json:"instances"`
	// CPUs is a number of vCPUs.
	CPUs int `json:"cpus"`
	// MemoryMiB is in MiB.
	MemoryMiB int `json:"memory_mib"`
	// DiskGiB is in GiB.
	DiskGiB int `json:"disk_gib"`
}

// Tenant is whom instances belong to: what is set for it, and what its instances have.
type Tenant struct {
	// Name is unique on the host.
	Name string `json:"name"`
	// Quota is the most that its instances may have together; 0 is no limit.
	Quota Resources `json:"quota"`
	// Residency is where its data may lie: codes of countries, "EU", "EEA"; left out for everywhere.
	Residency []string `json:"residency,omitempty"`
	// AuthorizedKeys may log in to each instance that is made for it; each is a line of OpenSSH's form.
	AuthorizedKeys []string `json:"authorized_keys,omitempty"`
	// Network is where its instances live; left out for the host's own.
	Network *TenantNetwork `json:"network,omitempty"`
	// Environment is what is set for this tenant.
	Environment Environment `json:"environment,omitzero"`
	// Created is when it was made.
	Created time.Time `json:"created"`
	// Used is what its instances have together.
	Used Resources `json:"used"`
	// UID is the host's user, and group, under which its QEMUs run; left out before its first instance.
	UID int `json:"uid,omitempty"`
	// InForce is what its instances are told of the world, where they say nothing themselves, without passwords.
	InForce InForce `json:"in_force"`
}

// TenantNetwork is the network of one tenant.
type TenantNetwork struct {
	// Subnet is IPv4: "10.200.0.0/24"; left out for the host's own network.
	Subnet string `json:"subnet,omitempty"`
	// Subnet6 is IPv6, a /64; left out when there is none.
	Subnet6 string `json:"subnet6,omitempty"`
	// Bridge is the host's interface of it; left out when it follows from the name.
	Bridge string `json:"bridge,omitempty"`
	// Internal: its instances may speak to each other.
	Internal bool `json:"internal_traffic,omitempty"`
	// Egress is "allow", "deny", or the prefixes that are let out, with commas between; left out for "allow".
	Egress string `json:"egress,omitempty"`
}

// TenantList is any number of tenants.
type TenantList struct {
	// Tenants are sorted by name.
	Tenants []Tenant `json:"tenants"`
}

// RotatedKey is what `tenant rotate-key` prints.
type RotatedKey struct {
	// Tenant is whose key it is.
	Tenant string `json:"tenant"`
	// Key is the name of the new one.
	Key string `json:"key"`
	// Volumes is how many volumes' keys are sealed with it now.
	Volumes int `json:"volumes"`
}
