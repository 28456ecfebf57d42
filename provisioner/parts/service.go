// Package parts has what an instance is made of: its folder, network, volume, seed, key, user and domain, each with how it is
// made and how it is removed.
package parts

import (
	"context"

	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/provisioner/tenants"
)

// Store is what is on record. Implementation: storage/records.
type Store interface {
	// Instance finds by tenant and name; records.ErrNotFound.
	Instance(ctx context.Context, tenant, name string) (model.Instance, error)
	// Update changes one instance in place, if the rules allow it; the callback must not keep the pointer.
	Update(ctx context.Context, id string, change func(*model.Instance) error, rules ...model.Rule) (model.Instance, error)
}

// Parts makes and removes the parts of instances.
type Parts struct {
	Operations *operations.Service
	Networks   *networks.Service
	Pools      *pools.Service
	Tenants    *tenants.Service
	Keys       *tenants.Keys
	Dir        string // the state directory, absolute
	Records    Store
	Images     Images
	Firewall   networks.Firewall
	// Users is nil where QEMU runs as whoever calls: a libvirt of one's own.
	Users tenants.Users
	// Bound holds the QEMU of a running domain to a number of open files and threads; nil where Users is.
	Bound func(domain, uuid, live string, uid int) error
}
