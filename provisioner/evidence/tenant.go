package evidence

import "time"

// Tenant is whom the instance belongs to, as it is on record.
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
}

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
