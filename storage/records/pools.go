package records

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// pools is where they are kept.
func pools() shelf[model.Pool] {
	return shelf[model.Pool]{
		bucket: bucketPools, noun: "pool",
		name: func(p model.Pool) string { return p.Name },
		note: func(p model.Pool) string { return p.Path + " " + string(p.Health.Status) },
	}
}

// AddPool stores a new pool; ErrExists when the name is taken. admit is given all pools that there are, sorted by name;
// an error from it is returned as it is, and nothing is stored.
func (b *Bolt) AddPool(ctx context.Context, pool model.Pool, admit func(existing []model.Pool) error) error {
	return pools().add(ctx, b, pool, admit)
}

// Pool finds by name; ErrNotFound.
func (b *Bolt) Pool(ctx context.Context, name string) (model.Pool, error) {
	return pools().find(ctx, b, name)
}

// Pools returns all pools, sorted by name.
func (b *Bolt) Pools(ctx context.Context) ([]model.Pool, error) { return pools().list(ctx, b) }

// UpdatePool changes one pool in place and returns it as it is then; ErrNotFound. The callback must not keep the
// pointer, nor change the name. An error from it is returned as it is, and nothing changes.
func (b *Bolt) UpdatePool(ctx context.Context, name string, alter func(*model.Pool) error) (model.Pool, error) {
	return pools().update(ctx, b, name, func(_ *bolt.Tx, p *model.Pool) error {
		return call(func() error { return alter(p) })
	})
}

// DropPool removes the pool's record, if the rules allow it. admit is given the instances that live in it, in no particular order; an error
// from it is returned as it is, and nothing changes. ErrNotFound when there is no such pool.
func (b *Bolt) DropPool(ctx context.Context, name string, admit func(living []model.Instance) error, rules ...model.Rule) error {
	return pools().drop(ctx, b, name, func(i model.Instance) bool { return i.Pool == name }, admit, rules...)
}

// promise raises the mark of what was ever promised in the pool of an instance; ErrNotFound when there is no such pool.
func (b *Bolt) promise(tx *bolt.Tx, others []model.Instance, inst model.Instance) error {
	if inst.Pool == "" {
		return nil
	}
	pool, found, err := pools().get(b, tx, inst.Pool)
	if err != nil {
		return err
	}
	if !found {
		return pools().missing(inst.Pool)
	}
	promised := model.Promised(pool.Name, others) + model.Promised(pool.Name, []model.Instance{inst})
	if promised <= pool.PromisedPeak {
		return nil
	}
	pool.PromisedPeak = promised
	changed, err := pools().put(tx, pool, "promise")
	if err != nil {
		return err
	}
	return appendAudit(tx, changed, b.now(), b.actor())
}
