package records

import (
	"context"

	bolt "go.etcd.io/bbolt"
)

// pools is where they are kept.
func pools() shelf[Pool] {
	return shelf[Pool]{
		bucket: bucketPools, noun: "pool",
		name: func(p Pool) string { return p.Name },
		note: func(p Pool) string { return p.Path + " " + string(p.Health.Status) },
	}
}

// AddPool stores a new pool; ErrExists when the name is taken. admit is given all pools that there are, sorted by name;
// an error from it is returned as it is, and nothing is stored.
func (b *Bolt) AddPool(ctx context.Context, pool Pool, admit func(existing []Pool) error) error {
	return pools().add(ctx, b, pool, admit)
}

// Pool finds by name; ErrNotFound.
func (b *Bolt) Pool(ctx context.Context, name string) (Pool, error) {
	return pools().find(ctx, b, name)
}

// Pools returns all pools, sorted by name.
func (b *Bolt) Pools(ctx context.Context) ([]Pool, error) { return pools().list(ctx, b) }

// UpdatePool changes one pool in place and returns it as it is then; ErrNotFound. The callback must not keep the
// pointer, nor change the name. An error from it is returned as it is, and nothing changes.
func (b *Bolt) UpdatePool(ctx context.Context, name string, alter func(*Pool) error) (Pool, error) {
	return pools().update(ctx, b, name, func(_ *bolt.Tx, p *Pool) error {
		return call(func() error { return alter(p) })
	})
}

// DropPool removes the pool's record, if the rules allow it. admit is given the instances that live in it, in no particular order; an error
// from it is returned as it is, and nothing changes. ErrNotFound when there is no such pool.
func (b *Bolt) DropPool(ctx context.Context, name string, admit func(living []Instance) error, rules ...Rule) error {
	return pools().drop(ctx, b, name, func(i Instance) bool { return i.Pool == name }, admit, rules...)
}

// Promised is what instances may come to take in a pool, in bytes.
func Promised(pool string, instances []Instance) (bytes uint64) {
	for _, inst := range instances {
		if inst.Pool == pool {
			bytes += uint64(max(inst.Flavor.DiskGiB, 0)) << 30 // #nosec G115 -- not negative
		}
	}
	return bytes
}

// promise raises the mark of what was ever promised in the pool of an instance; ErrNotFound when there is no such pool.
func (b *Bolt) promise(tx *bolt.Tx, others []Instance, inst Instance) error {
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
	promised := Promised(pool.Name, others) + Promised(pool.Name, []Instance{inst})
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
