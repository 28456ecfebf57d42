package model

import "net/netip"

// Host is what the operator has set for this machine.
type Host struct {
	// LabMode allows instances without hardware virtualization, which is no isolation boundary.
	LabMode bool `json:"lab_mode"`
	// Network and Subnet are where instances live; empty is holm's default.
	Network string       `json:"network,omitempty"`
	Subnet  netip.Prefix `json:"subnet,omitzero"` // "10.77.0.0/24"
	// AddressPool is what the tenants' subnets are cut from; zero is holm's default.
	AddressPool netip.Prefix `json:"address_pool,omitzero"` // "10.200.0.0/16"
	// Metadata are addresses at which this cloud hands out credentials, besides those that holm knows.
	Metadata string `json:"metadata_addresses,omitempty"` // "192.0.2.254,2001:db8:fe::/48"
	// Users are what tenants' users are taken from; empty is holm's default.
	Users string `json:"users,omitempty"` // "2000000000-2000065535"
	// Pool is where volumes live when nobody says where; "" is the state directory.
	Pool string `json:"pool,omitempty"`
	// MemoryReserveMiB is kept for the host itself, and MemoryOvercommit is how many times the rest may be promised to
	// instances; 0 is holm's default.
	MemoryReserveMiB int     `json:"memory_reserve_mib,omitempty"`
	MemoryOvercommit float64 `json:"memory_overcommit,omitempty"`
	// Site and Jurisdiction are where this machine stands, in the operator's word: "NO-OSL1", "NO".
	Site         string `json:"site,omitempty"`
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// Environment is what all instances here are told of the world.
	Environment Environment `json:"environment,omitzero"`
}
