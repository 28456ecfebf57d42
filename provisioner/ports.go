package provisioner

import (
	"context"
	"time"

	"holm/internal/nft"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/storage/keys"
)

// Records is the memory of the provisioner. Every method is one transaction: it is durable when it returns.
// Implementation: storage/records (bbolt), which passes recordstest.
type Records interface {
	// Reserve stores a new instance together with the operation that will build it. The callback is given all
	// instances that exist (for addresses and quota) and completes inst inside the transaction; an error from it
	// aborts, and so does one from a rule. Fails with records.ErrExists when the name is taken in the tenant.
	Reserve(ctx context.Context, inst model.Instance, op model.Operation,
		admit func(existing []model.Instance, inst *model.Instance) error, rules ...model.Rule) (model.Instance, error)
	// Instance finds by tenant and name; records.ErrNotFound.
	Instance(ctx context.Context, tenant, name string) (model.Instance, error)
	// Update changes one instance in place; the callback must not keep the pointer.
	Update(ctx context.Context, id string, change func(*model.Instance) error) (model.Instance, error)
	// Resize changes one instance together with the operation that will make it so; the callback is given all the others.
	Resize(ctx context.Context, id string, op model.Operation,
		admit func(others []model.Instance, inst *model.Instance) error) (model.Instance, error)
	// Drop removes the instance's record. No error when it is gone already.
	Drop(ctx context.Context, id string) error
	// List returns the summaries, sorted by tenant and name; tenant "" means all.
	List(ctx context.Context, tenant string) ([]model.Summary, error)
	// Instances returns all instances in full, in no particular order.
	Instances(ctx context.Context) ([]model.Instance, error)

	// AddPool stores a new pool; the callback is given all others. Fails with records.ErrExists when the name is taken.
	AddPool(ctx context.Context, pool model.Pool, admit func(existing []model.Pool) error) error
	// Pool finds by name; records.ErrNotFound.
	Pool(ctx context.Context, name string) (model.Pool, error)
	// Pools returns all pools, sorted by name.
	Pools(ctx context.Context) ([]model.Pool, error)
	// UpdatePool changes one pool in place; the callback must not keep the pointer.
	UpdatePool(ctx context.Context, name string, change func(*model.Pool) error) (model.Pool, error)
	// DropPool removes the pool's record, if the rules allow it; the callback is given the instances that live in it.
	DropPool(ctx context.Context, name string, admit func(living []model.Instance) error, rules ...model.Rule) error

	// Host returns the settings of this machine; the zero value when none were made.
	Host(ctx context.Context) (model.Host, error)
	// SetHost changes the settings of this machine, if the rules allow it.
	SetHost(ctx context.Context, change func(*model.Host) error, rules ...model.Rule) (model.Host, error)

	// AddTenant stores a new tenant, if the rules allow it; the callback is given the others. Fails with records.ErrExists when
	// the name is taken.
	AddTenant(ctx context.Context, tenant model.Tenant, admit func(existing []model.Tenant) error, rules ...model.Rule) error
	// Tenant finds by name; records.ErrNotFound.
	Tenant(ctx context.Context, name string) (model.Tenant, error)
	// Tenants returns all tenants on record, sorted by name.
	Tenants(ctx context.Context) ([]model.Tenant, error)
	// UpdateTenant changes one tenant in place, with what its instances have in view.
	UpdateTenant(ctx context.Context, name string, change func(tenant *model.Tenant, used model.Resources) error) (model.Tenant, error)
	// TenantKeys returns what tenants' volumes are sealed with, sorted by tenant.
	TenantKeys(ctx context.Context) ([]model.TenantKey, error)
	// AddTenantKey stores a tenant's first key; records.ErrExists when it has one. The callback is given the others.
	AddTenantKey(ctx context.Context, key model.TenantKey, admit func(existing []model.TenantKey) error) error
	// RotateKey replaces a tenant's key, and what it has sealed of the tenant's instances, in one transaction.
	RotateKey(ctx context.Context, tenant string,
		reseal func(key *model.TenantKey, instances []model.Instance) error) (model.TenantKey, error)
	// ResealTenantKeys changes how the keys of all tenants are sealed, in one transaction.
	ResealTenantKeys(ctx context.Context, reseal func(key *model.TenantKey) error) error
	// DestroyKey takes the key of an instance's volume away; no error when it has none.
	DestroyKey(ctx context.Context, id string) (model.Instance, error)
	// Destroyed notes in the audit log what has become of an instance's volume.
	Destroyed(ctx context.Context, inst model.Instance, what string) error

	// DropTenant removes the tenant's record; the callback is given its instances.
	DropTenant(ctx context.Context, name string, admit func(living []model.Instance) error) error

	// TakeUser returns the user of a tenant; a tenant without one is given that which choose returns, in the same transaction.
	// choose is given all that were ever given to anybody.
	TakeUser(ctx context.Context, tenant string, now time.Time,
		choose func(given []model.TenantUser) (int, error)) (model.TenantUser, error)
	// Users returns all users that were ever given to a tenant.
	Users(ctx context.Context) ([]model.TenantUser, error)

	// SetFlavor stores a flavor in the place of another one of that name.
	SetFlavor(ctx context.Context, flavor model.Flavor) error
	// Flavors returns all that were stored, sorted by name.
	Flavors(ctx context.Context) ([]model.Flavor, error)
	// DropFlavor removes a stored flavor; records.ErrNotFound.
	DropFlavor(ctx context.Context, name string) error

	// PutOperation stores or replaces an operation. Of each instance the newest records.KeptOperations that have ended are kept.
	PutOperation(ctx context.Context, op model.Operation) error
	// Operations returns the operations of one instance that are kept, oldest first; instance "" means all.
	Operations(ctx context.Context, instance string) ([]model.Operation, error)
}

// HostKeys has the key with which tenants' keys are sealed. Implementation: keys.Keeper.
type HostKeys interface {
	// Key returns it. want is the id of the one that has sealed what is to be opened, "" when there is nothing yet; make says whether it
	// may be made now.
	Key(want string, make bool) (keys.Key, error)
	// Hold keeps others from exchanging it until release.
	Hold(ctx context.Context) (release func(), err error)
}

// Boot decides what the host mounts before it starts instances. Implementation: storage/mounts.
type Boot interface {
	// Order has instances wait for what is mounted at a path, for a pool of that name. It may be called again.
	Order(pool, path string) error
	// Unorder takes that back; no error when there is nothing.
	Unorder(pool string) error
}

// Firewall is the packet filter of the host. Implementation: network.Firewall.
type Firewall interface {
	// Apply carries out all commands of the ruleset or none.
	Apply(ctx context.Context, r nft.Ruleset) error
	// Settle has the rest of the kernel follow a network's rules, which are in force: it forwards, and connections from before
	// go by what is published now. It is to be called again when the network has been made.
	Settle(ctx context.Context, n network.Network, guests []network.Guest) error
	// Look compares what the kernel has of each network's rules with what it is to have, in that order. It changes nothing.
	Look(ctx context.Context, all []network.Wanted) ([]network.Walls, error)
}
