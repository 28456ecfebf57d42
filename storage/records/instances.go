package records

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// Reserve stores a new instance together with the operation that will build it, in one transaction. The callback is
// given all instances that exist, in no particular order, and completes inst; it must not change inst's ID, Tenant or
// Name. An error from it, or from a rule, is returned as it is, and nothing is stored. Fails with ErrExists when the name is taken in
// the tenant, and with ErrNotFound when there is no such pool.
func (b *Bolt) Reserve(ctx context.Context, inst model.Instance, op model.Operation,
	admit func(existing []model.Instance, inst *model.Instance) error, rules ...model.Rule,
) (model.Instance, error) {
	if err := errors.Join(validKeys(inst), validOperation(op)); err != nil {
		return model.Instance{}, err
	}
	if op.Instance != inst.ID {
		return model.Instance{}, fmt.Errorf("operation %s is for instance %q, not for %q", op.ID, op.Instance, inst.ID)
	}
	err := b.writeMore(ctx, func(tx *bolt.Tx) (change, error) {
		if tx.Bucket([]byte(bucketNames)).Get(nameKey(inst.Tenant, inst.Name)) != nil {
			return change{}, fmt.Errorf("instance %q %w in tenant %q", inst.Name, ErrExists, inst.Tenant)
		}
		if tx.Bucket([]byte(bucketInstances)).Get([]byte(inst.ID)) != nil {
			return change{}, fmt.Errorf("instance id %s is taken", inst.ID)
		}
		around, err := b.around(tx)
		if err != nil {
			return change{}, err
		}
		if err := askAll(around, rules); err != nil {
			return change{}, err
		}
		existing, before := around.Instances, inst
		if err := call(func() error { return admit(existing, &inst) }); err != nil {
			return change{}, err
		}
		if err := sameKeys(before, inst); err != nil {
			return change{}, err
		}
		if err := errors.Join(b.charge(tx, existing, inst), b.promise(tx, existing, inst), b.sealedNow(tx, inst)); err != nil {
			return change{}, err
		}
		if err := tx.Bucket([]byte(bucketNames)).Put(nameKey(inst.Tenant, inst.Name), []byte(inst.ID)); err != nil {
			return change{}, err
		}
		return withOperation(tx, op, func() (change, error) { return putInstance(tx, inst, "reserve") })
	})
	if err != nil {
		return model.Instance{}, err
	}
	return inst, nil
}

// Instance finds by tenant and name; ErrNotFound.
func (b *Bolt) Instance(ctx context.Context, tenant, name string) (inst model.Instance, err error) {
	found := false
	err = b.read(ctx, func(tx *bolt.Tx) error {
		id := tx.Bucket([]byte(bucketNames)).Get(nameKey(tenant, name))
		if id == nil {
			return nil
		}
		found = true
		inst, err = b.instance(tx, string(id))
		if errors.Is(err, ErrNotFound) {
			return b.unreadable("instance "+string(id), err)
		}
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("instance %q %w in tenant %q", name, ErrNotFound, tenant)
	}
	return inst, err
}

// Update changes one instance in place and returns it as it is then, if the rules allow it; ErrNotFound. The callback must not keep
// the pointer, nor change ID, Tenant or Name. An error from it is returned as it is, and nothing changes.
func (b *Bolt) Update(ctx context.Context, id string, alter func(*model.Instance) error,
	rules ...model.Rule,
) (inst model.Instance, err error) {
	err = b.write(ctx, func(tx *bolt.Tx) (change, error) {
		if err := b.ask(tx, rules); err != nil {
			return change{}, err
		}
		var c change
		inst, c, err = b.alter(tx, id, alter)
		return c, err
	})
	if err != nil {
		return model.Instance{}, err
	}
	return inst, nil
}

// alter is what Update does in its transaction.
func (b *Bolt) alter(tx *bolt.Tx, id string, alter func(*model.Instance) error) (inst model.Instance, c change, err error) {
	if inst, err = b.instance(tx, id); err != nil {
		return inst, c, err
	}
	before := inst
	if err := call(func() error { return alter(&inst) }); err != nil {
		return inst, c, err
	}
	if err := sameKeys(before, inst); err != nil {
		return inst, c, err
	}
	c, err = putInstance(tx, inst, "update")
	return inst, c, err
}

// Resize changes one instance, with all the others in view, together with the operation that will make it so, in one
// transaction; ErrNotFound. The callback is given the other instances, in no particular order. It must not change ID,
// Tenant, Name or Pool. An error from it is returned as it is, and nothing changes.
func (b *Bolt) Resize(ctx context.Context, id string, op model.Operation,
	admit func(others []model.Instance, inst *model.Instance) error,
) (inst model.Instance, err error) {
	if err := validOperation(op); err != nil {
		return model.Instance{}, err
	}
	if op.Instance != id {
		return model.Instance{}, fmt.Errorf("operation %s is for instance %q, not for %q", op.ID, op.Instance, id)
	}
	err = b.write(ctx, func(tx *bolt.Tx) (change, error) {
		if inst, err = b.instance(tx, id); err != nil {
			return change{}, err
		}
		all, err := b.allInstances(tx)
		if err != nil {
			return change{}, err
		}
		others := slices.DeleteFunc(all, func(o model.Instance) bool { return o.ID == id })
		before := inst
		if err := call(func() error { return admit(others, &inst) }); err != nil {
			return change{}, err
		}
		if err := sameKeys(before, inst); err != nil {
			return change{}, err
		}
		if before.Pool != inst.Pool {
			return change{}, fmt.Errorf("instance %s: the pool cannot change", id)
		}
		if err := errors.Join(b.charge(tx, others, inst), b.promise(tx, others, inst)); err != nil {
			return change{}, err
		}
		return withOperation(tx, op, func() (change, error) { return putInstance(tx, inst, "resize") })
	})
	if err != nil {
		return model.Instance{}, err
	}
	return inst, nil
}

// Drop removes the instance's record; its operations stay, as history, until KeptRemoved others are removed. No error when it is
// gone already.
func (b *Bolt) Drop(ctx context.Context, id string) error {
	return b.write(ctx, func(tx *bolt.Tx) (change, error) { return b.drop(tx, id) })
}

// drop is what Drop does in its transaction.
func (b *Bolt) drop(tx *bolt.Tx, id string) (change, error) {
	inst, err := b.instance(tx, id)
	if errors.Is(err, ErrNotFound) {
		return change{}, nil
	}
	if err != nil {
		return change{}, err
	}
	key := nameKey(inst.Tenant, inst.Name)
	err = errors.Join(
		tx.Bucket([]byte(bucketInstances)).Delete([]byte(id)),
		tx.Bucket([]byte(bucketNames)).Delete(key),
		tx.Bucket([]byte(bucketSummaries)).Delete(key),
	)
	if err != nil {
		return change{}, err
	}
	dropped, err := bury(tx, id)
	return change{kind: "instance.drop", object: instanceObject(id), note: describe(inst), also: dropped}, err
}

// List returns the summaries, sorted by tenant and name; tenant "" means all.
func (b *Bolt) List(ctx context.Context, tenant string) (list []model.Summary, err error) {
	var prefix []byte
	if tenant != "" {
		prefix = nameKey(tenant, "")
	}
	err = b.read(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket([]byte(bucketSummaries)).Cursor()
		for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			s, err := decodeSummary(v)
			if err != nil {
				return b.unreadable(fmt.Sprintf("summary %q", k), err)
			}
			list = append(list, s)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Instances returns all instances in full, in no particular order. It decodes every record: List is for what people wait for.
func (b *Bolt) Instances(ctx context.Context) (all []model.Instance, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		all, err = b.allInstances(tx)
		return err
	})
	return all, err
}

func (b *Bolt) allInstances(tx *bolt.Tx) (all []model.Instance, err error) {
	err = tx.Bucket([]byte(bucketInstances)).ForEach(func(id, value []byte) error {
		inst, err := decode[model.Instance](value)
		if err != nil {
			return b.unreadable("instance "+string(id), err)
		}
		all = append(all, inst)
		return nil
	})
	return all, err
}

func (b *Bolt) instance(tx *bolt.Tx, id string) (model.Instance, error) {
	value := tx.Bucket([]byte(bucketInstances)).Get([]byte(id))
	if value == nil {
		return model.Instance{}, fmt.Errorf("instance with id %q %w", id, ErrNotFound)
	}
	inst, err := decode[model.Instance](value)
	if err != nil {
		return model.Instance{}, b.unreadable("instance "+id, err)
	}
	return inst, nil
}

// putInstance stores an instance and its summary; no change when they are stored like that already.
func putInstance(tx *bolt.Tx, inst model.Instance, verb string) (change, error) {
	instances, summaries := tx.Bucket([]byte(bucketInstances)), tx.Bucket([]byte(bucketSummaries))
	value, err := encodeOver(inst, instances.Get([]byte(inst.ID)))
	if err != nil {
		return change{}, err
	}
	if bytes.Equal(instances.Get([]byte(inst.ID)), value) {
		return change{}, nil
	}
	if err := instances.Put([]byte(inst.ID), value); err != nil {
		return change{}, err
	}
	if err := summaries.Put(nameKey(inst.Tenant, inst.Name), encodeSummary(model.Summarize(inst))); err != nil {
		return change{}, err
	}
	return change{kind: "instance." + verb, object: instanceObject(inst.ID), note: describe(inst), content: value}, nil
}

func describe(inst model.Instance) string {
	return inst.Tenant + "/" + inst.Name + " " + string(inst.State)
}

// nameKey sorts by tenant, then by name, as NUL sorts before all that they may consist of.
func nameKey(tenant, name string) []byte { return []byte(tenant + "\x00" + name) }

// validKeys keeps out what would make two records one. Whether a name is a good name is not decided here.
func validKeys(inst model.Instance) error {
	for _, part := range []struct{ what, value string }{
		{"id", inst.ID}, {"tenant", inst.Tenant}, {"name", inst.Name},
	} {
		if err := validKey("instance's "+part.what, part.value); err != nil {
			return err
		}
	}
	return nil
}

func validKey(what, value string) error {
	const longest = 255
	if value == "" || len(value) > longest || strings.ContainsRune(value, 0) {
		return fmt.Errorf("an %s must be 1 to %d bytes without NUL: %.40q", what, longest, value)
	}
	return nil
}

func sameKeys(before, after model.Instance) error {
	if before.ID != after.ID || before.Tenant != after.Tenant || before.Name != after.Name {
		return fmt.Errorf("instance %s: id, tenant and name cannot change", before.ID)
	}
	return nil
}
