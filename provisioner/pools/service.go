// Package pools has the places where volumes lie: what is demanded of the drives under them, how they are, and who may
// still move in.
package pools

import (
	"context"
	"time"

	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/storage/pools"
)

// Store is what is on record. Implementation: storage/records.
type Store interface {
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
	// Instances returns all instances in full, in no particular order.
	Instances(ctx context.Context) ([]model.Instance, error)
	// Host returns the settings of this machine; the zero value when none were made.
	Host(ctx context.Context) (model.Host, error)
}

// Service adds, looks after and removes pools.
type Service struct {
	Operations *operations.Service
	Dir        string // the state directory, absolute
	Records    Store
	// Look looks at what a pool stands on.
	Look func(ctx context.Context, pool model.Pool) (pools.Tree, error)
	// Health asks the drives under a pool how they are; it may take a process for each.
	Health func(ctx context.Context, t *pools.Tree)
	Boot   Boot
	Now    func() time.Time
}
