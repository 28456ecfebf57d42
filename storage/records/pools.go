package records

import (
	"bytes"
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// AddPool stores a new pool; ErrExists when the name is taken. admit is given all pools that there are, sorted by name;
// an error from it is returned as it is, and nothing is stored.
func (b *Bolt) AddPool(ctx context.Context, pool Pool, admit func(existing []Pool) error) error {
	if err := validKey("pool's name", pool.Name); err != nil {
		return err
	}
	return b.write(ctx, func(tx *bolt.Tx) (change, error) {
		bucket, err := tx.CreateBucketIfNotExists([]byte(bucketPools))
		if err != nil {
			return change{}, err
		}
		if bucket.Get([]byte(pool.Name)) != nil {
			return change{}, fmt.Errorf("pool %q %w", pool.Name, ErrExists)
		}
		existing, err := b.allPools(tx)
		if err != nil {
			return change{}, err
		}
		if err := call(func() error { return admit(existing) }); err != nil {
			return change{}, err
		}
		return putPool(bucket, pool, "add")
	})
}

// Pool finds by name; ErrNotFound.
func (b *Bolt) Pool(ctx context.Context, name string) (pool Pool, err error) {
	found := false
	err = b.read(ctx, func(tx *bolt.Tx) error {
		pool, found, err = b.pool(tx, name)
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("pool %q %w", name, ErrNotFound)
	}
	return pool, err
}

// Pools returns all pools, sorted by name.
func (b *Bolt) Pools(ctx context.Context) (all []Pool, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		all, err = b.allPools(tx)
		return err
	})
	return all, err
}

// UpdatePool changes one pool in place and returns it as it is then; ErrNotFound. The callback must not keep the
// pointer, nor change the name. An error from it is returned as it is, and nothing changes.
func (b *Bolt) UpdatePool(ctx context.Context, name string, alter func(*Pool) error) (pool Pool, err error) {
	err = b.write(ctx, func(tx *bolt.Tx) (change, error) {
		found := false
		if pool, found, err = b.pool(tx, name); err != nil {
			return change{}, err
		}
		if !found {
			return change{}, fmt.Errorf("pool %q %w", name, ErrNotFound)
		}
		if err := call(func() error { return alter(&pool) }); err != nil {
			return change{}, err
		}
		if pool.Name != name {
			return change{}, fmt.Errorf("pool %q: the name cannot change", name)
		}
		return putPool(tx.Bucket([]byte(bucketPools)), pool, "update")
	})
	if err != nil {
		return Pool{}, err
	}
	return pool, nil
}

// DropPool removes the pool's record. admit is given the instances that live in it, in no particular order; an error
// from it is returned as it is, and nothing changes. ErrNotFound when there is no such pool.
func (b *Bolt) DropPool(ctx context.Context, name string, admit func(living []Instance) error) error {
	return b.write(ctx, func(tx *bolt.Tx) (change, error) {
		pool, found, err := b.pool(tx, name)
		if err != nil {
			return change{}, err
		}
		if !found {
			return change{}, fmt.Errorf("pool %q %w", name, ErrNotFound)
		}
		all, err := b.allInstances(tx)
		if err != nil {
			return change{}, err
		}
		var living []Instance
		for _, inst := range all {
			if inst.Pool == name {
				living = append(living, inst)
			}
		}
		if err := call(func() error { return admit(living) }); err != nil {
			return change{}, err
		}
		return change{kind: "pool.drop", object: poolObject(name), note: pool.Path}, tx.Bucket([]byte(bucketPools)).Delete([]byte(name))
	})
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
	pool, found, err := b.pool(tx, inst.Pool)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("pool %q %w", inst.Pool, ErrNotFound)
	}
	promised := Promised(pool.Name, others) + Promised(pool.Name, []Instance{inst})
	if promised <= pool.PromisedPeak {
		return nil
	}
	pool.PromisedPeak = promised
	changed, err := putPool(tx.Bucket([]byte(bucketPools)), pool, "promise")
	if err != nil {
		return err
	}
	return appendAudit(tx, changed, b.now(), b.actor())
}

func (b *Bolt) pool(tx *bolt.Tx, name string) (pool Pool, found bool, err error) {
	bucket := tx.Bucket([]byte(bucketPools))
	if bucket == nil { // a file from before there were pools
		return Pool{}, false, nil
	}
	value := bucket.Get([]byte(name))
	if value == nil {
		return Pool{}, false, nil
	}
	if pool, err = decode[Pool](value); err != nil {
		return Pool{}, false, b.unreadable("pool "+name, err)
	}
	return pool, true, nil
}

func (b *Bolt) allPools(tx *bolt.Tx) (all []Pool, err error) {
	bucket := tx.Bucket([]byte(bucketPools))
	if bucket == nil {
		return nil, nil
	}
	err = bucket.ForEach(func(name, value []byte) error {
		pool, err := decode[Pool](value)
		if err != nil {
			return b.unreadable("pool "+string(name), err)
		}
		all = append(all, pool)
		return nil
	})
	return all, err
}

// putPool stores a pool; no change when it is stored like that already.
func putPool(bucket *bolt.Bucket, pool Pool, verb string) (change, error) {
	value, err := encode(pool)
	if err != nil {
		return change{}, err
	}
	if bytes.Equal(bucket.Get([]byte(pool.Name)), value) {
		return change{}, nil
	}
	note := pool.Path + " " + string(pool.Health.Status)
	return change{kind: "pool." + verb, object: poolObject(pool.Name), note: note, content: value}, bucket.Put([]byte(pool.Name), value)
}
