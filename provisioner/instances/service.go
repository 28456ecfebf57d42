// Package instances is the life of an instance: made, started, stopped, changed, published, removed.
package instances

import (
	"context"
	"time"

	"holm/provisioner/environment"
	"holm/provisioner/guestlink"
	"holm/provisioner/hosts"
	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/pools"
	"holm/provisioner/proof"
	"holm/provisioner/tenants"
	"holm/provisioner/views"
)

// Store is what is on record of instances. Implementation: storage/records.
type Store interface {
	// Reserve stores a new instance together with the operation that will build it. The callback is given all
	// instances that exist (for addresses and quota) and completes inst inside the transaction; an error from it
	// aborts, and so does one from a rule. Fails with records.ErrExists when the name is taken in the tenant.
	Reserve(ctx context.Context, inst model.Instance, op model.Operation,
		admit func(existing []model.Instance, inst *model.Instance) error, rules ...model.Rule) (model.Instance, error)
	// Instance finds by tenant and name; records.ErrNotFound.
	Instance(ctx context.Context, tenant, name string) (model.Instance, error)
	// Instances returns all instances in full, in no particular order.
	Instances(ctx context.Context) ([]model.Instance, error)
	// Update changes one instance in place, if the rules allow it; the callback must not keep the pointer.
	Update(ctx context.Context, id string, change func(*model.Instance) error, rules ...model.Rule) (model.Instance, error)
	// Resize changes one instance together with the operation that will make it so; the callback is given all the others.
	Resize(ctx context.Context, id string, op model.Operation,
		admit func(others []model.Instance, inst *model.Instance) error) (model.Instance, error)
	// Drop removes the instance's record. No error when it is gone already.
	Drop(ctx context.Context, id string) error
	// DestroyKey takes the key of an instance's volume away; no error when it has none.
	DestroyKey(ctx context.Context, id string) (model.Instance, error)
	// Destroyed notes in the audit log what has become of an instance's volume.
	Destroyed(ctx context.Context, inst model.Instance, what string) error
}

// Journal is the history of operations. Implementation: storage/records.
type Journal interface {
	// PutOperation stores or replaces an operation. Of each instance the newest records.KeptOperations that have ended are kept.
	PutOperation(ctx context.Context, op model.Operation) error
	// Record stores an operation together with what it makes of the record of its instance, if the rules allow it.
	Record(ctx context.Context, op model.Operation, change func(*model.Instance) error, rules ...model.Rule) (model.Instance, error)
	// Removed stores an operation that has removed its instance, closes what others of it have left open, and drops the record.
	Removed(ctx context.Context, op model.Operation) error
	// Operations returns the operations of one instance that are kept, oldest first; instance "" means all.
	Operations(ctx context.Context, instance string) ([]model.Operation, error)
}

// Settings is what is set for this machine. Implementation: storage/records.
type Settings interface {
	// Settings returns all that is on record but the instances, as it is at one moment.
	Settings(ctx context.Context) (model.Settings, error)
	// Around returns that and the instances in full, in no particular order.
	Around(ctx context.Context) (model.Around, error)
}

// Records is all of them.
type Records interface {
	Store
	Journal
	Settings
}

// Service is all that can be done with instances.
type Service struct {
	*Creator
	*Remover
	*Power
	*Changer
	*Publisher
	*Environments
	*Fleet
	*ImageUse
	*views.Service
}

// Creator makes instances.
type Creator struct {
	Operations   *operations.Service
	Networks     *networks.Service
	Pools        *pools.Service
	Tenants      *tenants.Service
	Keys         *tenants.Keys
	Parts        *parts.Parts
	Readiness    *Readiness
	Remover      *Remover
	Environments *Environments
	ImageUse     *ImageUse
	Records      Records
	Images       parts.Images
	// Measure looks at the host.
	Measure func(context.Context) (hosts.Capacity, error)
	// Wired are the hardware addresses that somebody has on this host, a guest of another's too: rules for frames go by them.
	Wired func() map[string]bool
	Now   func() time.Time
}

// Remover removes instances.
type Remover struct {
	Operations   *operations.Service
	Parts        *parts.Parts
	Environments *Environments
	Records      Records
	Now          func() time.Time
}

// Readiness waits until guests are ready, and holds them to what was promised.
type Readiness struct {
	Operations   *operations.Service
	Parts        *parts.Parts
	Link         *guestlink.Link
	Proof        *proof.Service
	Publisher    *Publisher
	Environments *Environments
	Records      Records
	Now          func() time.Time
}

// Power switches instances on and off.
type Power struct {
	Operations *operations.Service
	Networks   *networks.Service
	Pools      *pools.Service
	Parts      *parts.Parts
	Link       *guestlink.Link
	Readiness  *Readiness
	Records    Records
	Images     parts.Images
	// Measure looks at the host.
	Measure func(context.Context) (hosts.Capacity, error)
	Now     func() time.Time
}

// Changer gives instances another image or size.
type Changer struct {
	Operations *operations.Service
	Pools      *pools.Service
	Link       *guestlink.Link
	Power      *Power
	ImageUse   *ImageUse
	Records    Records
	Images     parts.Images
	Now        func() time.Time
}

// Publisher leads ports of the host to instances.
type Publisher struct {
	Operations *operations.Service
	Networks   *networks.Service
	Link       *guestlink.Link
	Records    Records
	// Listens tells whether a program of the host's has that port.
	Listens func(ctx context.Context, protocol string, port uint16) (bool, error)
}

// Environments tells instances of the world around them.
type Environments struct {
	Operations *operations.Service
	Link       *guestlink.Link
	Records    Records
	// Resolver looks at the host's own resolver.
	Resolver func() environment.Resolver
}

// Fleet does something to all instances of a host at once.
type Fleet struct {
	Operations *operations.Service
	Parts      *parts.Parts
	Power      *Power
	Records    Records
	Now        func() time.Time
}

// ImageUse keeps images from being removed while instances need them.
type ImageUse struct {
	Operations *operations.Service
	Records    Records
	Images     parts.Images
}
