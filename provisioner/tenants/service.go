// Package tenants has whom instances belong to: quota, residency, network, the user of the host that their QEMUs run as, and the
// keys of their volumes.
package tenants

import (
	"context"
	"net/netip"
	"time"

	"holm/provisioner/environment"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
)

// Store is what is on record of tenants and their users. Implementation: storage/records.
type Store interface {
	Around
	// AddTenant stores a new tenant, if the rules allow it; the callback is given the others. Fails with records.ErrExists when
	// the name is taken.
	AddTenant(ctx context.Context, tenant model.Tenant, admit func(existing []model.Tenant) error, rules ...model.Rule) error
	// Tenant finds by name; records.ErrNotFound.
	Tenant(ctx context.Context, name string) (model.Tenant, error)
	// Tenants returns all tenants on record, sorted by name.
	Tenants(ctx context.Context) ([]model.Tenant, error)
	// UpdateTenant changes one tenant in place, with what its instances have in view.
	UpdateTenant(ctx context.Context, name string, change func(tenant *model.Tenant, used model.Resources) error) (model.Tenant, error)
	// DropTenant removes the tenant's record; the callback is given its instances.
	DropTenant(ctx context.Context, name string, admit func(living []model.Instance) error) error
	// TakeUser returns the user of a tenant; a tenant without one is given that which choose returns, in the same transaction.
	// choose is given all that were ever given to anybody.
	TakeUser(ctx context.Context, tenant string, now time.Time,
		choose func(given []model.TenantUser) (int, error)) (model.TenantUser, error)
	// Users returns all users that were ever given to a tenant.
	Users(ctx context.Context) ([]model.TenantUser, error)
}

// Around is what else is on record. Implementation: storage/records.
type Around interface {
	// Around returns all that is on record, as it is at one moment.
	Around(ctx context.Context) (model.Around, error)
	// Host returns the settings of this machine; the zero value when none were made.
	Host(ctx context.Context) (model.Host, error)
	// Instances returns all instances in full, in no particular order.
	Instances(ctx context.Context) ([]model.Instance, error)
	// List returns the summaries, sorted by tenant and name; tenant "" means all.
	List(ctx context.Context, tenant string) ([]model.Summary, error)
}

// KeyStore is what is on record of keys. Implementation: storage/records.
type KeyStore interface {
	// TenantKeys returns what tenants' volumes are sealed with, sorted by tenant.
	TenantKeys(ctx context.Context) ([]model.TenantKey, error)
	// AddTenantKey stores a tenant's first key; records.ErrExists when it has one. The callback is given the others.
	AddTenantKey(ctx context.Context, key model.TenantKey, admit func(existing []model.TenantKey) error) error
	// RotateKey replaces a tenant's key, and what it has sealed of the tenant's instances, in one transaction.
	RotateKey(ctx context.Context, tenant string,
		reseal func(key *model.TenantKey, instances []model.Instance) error) (model.TenantKey, error)
	// Instance finds by tenant and name; records.ErrNotFound.
	Instance(ctx context.Context, tenant, name string) (model.Instance, error)
}

// Book is what the key of the host has sealed. Implementation: storage/records.
type Book interface {
	// TenantKeys returns what tenants' volumes are sealed with, sorted by tenant.
	TenantKeys(ctx context.Context) ([]model.TenantKey, error)
	// ResealTenantKeys changes how the keys of all tenants are sealed, in one transaction.
	ResealTenantKeys(ctx context.Context, reseal func(key *model.TenantKey) error) error
}

// Service adds, changes and removes tenants.
type Service struct {
	*Keys
	Operations *operations.Service
	Networks   *networks.Service
	Dir        string // the state directory, absolute
	Records    Store
	// Network is the host's own; those of tenants are beside it.
	Network network.Network
	// Routes are where the host's routes lead to, IPv4 and IPv6.
	Routes func() ([]netip.Prefix, error)
	// Resolver looks at the host's own resolver.
	Resolver func() environment.Resolver
	// Users is nil where QEMU runs as whoever calls: a libvirt of one's own.
	Users Users
	Now   func() time.Time
}

// Keys has the keys of tenants' volumes.
type Keys struct {
	Records KeyStore
	HostKey HostKeys // with which tenants' keys are sealed
	Now     func() time.Time
}
