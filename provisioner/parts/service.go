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
	// DestroyKey takes the key of an instance's volume away; no error when it has none.
	DestroyKey(ctx context.Context, id string) (model.Instance, error)
	// Update changes one instance in place, if the rules allow it; the callback must not keep the pointer.
	Update(ctx context.Context, id string, change func(*model.Instance) error, rules ...model.Rule) (model.Instance, error)
}

// All is what an instance is made of. It is removed against this order; Create and Start of each say when it is made.
func (p *Parts) All() List {
	all := List{p.network(), p.folder(), p.seed(), p.volume(), p.key(), p.domain(), p.power()}
	if p.Alter != nil {
		all = p.Alter(all)
	}
	return all
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
	// Alter changes the list of parts; nil outside of tests.
	Alter func(List) List
}
