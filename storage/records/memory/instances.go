package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"holm/provisioner/model"
	"holm/storage/records"
)

// Reserve is that of records.Bolt, as are all methods.
func (s *Store) Reserve(ctx context.Context, inst model.Instance, op model.Operation,
	admit func(existing []model.Instance, inst *model.Instance) error, rules ...model.Rule,
) (model.Instance, error) {
	if !validKey(inst.ID) || !validKey(inst.Tenant) || !validKey(inst.Name) || !validKey(op.ID) || op.Instance != inst.ID {
		return model.Instance{}, fmt.Errorf("operation %.40q of %.40q cannot reserve instance %.40q", op.ID, op.Instance, inst.ID)
	}
	var reserved model.Instance
	err := s.write(ctx, func(c *contents) error {
		reserved = inst
		if _, taken := c.find(inst.Tenant, inst.Name); taken {
			return fmt.Errorf("instance %q %w in tenant %q", inst.Name, records.ErrExists, inst.Tenant)
		}
		if _, taken := c.Instances[inst.ID]; taken {
			return fmt.Errorf("instance id %s is taken", inst.ID)
		}
		if err := c.ask(rules); err != nil {
			return err
		}
		existing := byName(c.Instances)
		if err := admit(slices.Clone(existing), &reserved); err != nil {
			return err
		}
		return c.settle(inst, reserved, existing, op, true)
	})
	if err != nil {
		return model.Instance{}, err
	}
	return reserved, nil
}

// Resize changes an instance together with the operation that will make it so.
func (s *Store) Resize(ctx context.Context, id string, op model.Operation,
	admit func(others []model.Instance, inst *model.Instance) error,
) (model.Instance, error) {
	if !validKey(op.ID) || op.Instance != id {
		return model.Instance{}, fmt.Errorf("operation %.40q is for instance %q, not for %q", op.ID, op.Instance, id)
	}
	var inst model.Instance
	err := s.write(ctx, func(c *contents) error {
		before, found := c.Instances[id]
		if !found {
			return fmt.Errorf("instance with id %q %w", id, records.ErrNotFound)
		}
		inst = before
		others := c.of(func(o model.Instance) bool { return o.ID != id })
		if err := admit(slices.Clone(others), &inst); err != nil {
			return err
		}
		if inst.Pool != before.Pool {
			return fmt.Errorf("instance %s: the pool cannot change", id)
		}
		return c.settle(before, inst, others, op, false)
	})
	if err != nil {
		return model.Instance{}, err
	}
	return inst, nil
}

// settle stores an instance beside the others, with its operation, if its tenant and its pool allow it.
func (c *contents) settle(before, inst model.Instance, others []model.Instance, op model.Operation, isNew bool) error {
	if before.ID != inst.ID || before.Tenant != inst.Tenant || before.Name != inst.Name {
		return fmt.Errorf("instance %s: id, tenant and name cannot change", before.ID)
	}
	own := []model.Instance{inst}
	used := model.Used(inst.Tenant, others)
	tenant, found := c.Tenants[inst.Tenant]
	switch {
	case found:
		if err := tenant.Within(used, model.Used(inst.Tenant, own)); err != nil {
			return err
		}
	case c.Founded && inst.Tenant != model.DefaultTenant && used.Instances == 0:
		return fmt.Errorf("tenant %q %w", inst.Tenant, records.ErrNotFound)
	}
	if inst.Pool != "" {
		pool, found := c.Pools[inst.Pool]
		if !found {
			return fmt.Errorf("pool %q %w", inst.Pool, records.ErrNotFound)
		}
		pool.PromisedPeak = max(pool.PromisedPeak, model.Promised(pool.Name, others)+model.Promised(pool.Name, own))
		c.Pools[inst.Pool] = pool
	}
	if isNew && inst.Key != nil && c.Keys[inst.Tenant].Key.ID != inst.Key.By {
		return fmt.Errorf("the key of instance %q: %w", inst.Name, records.ErrRotated)
	}
	if text, err := json.Marshal(inst); err != nil || len(text) > largest {
		return fmt.Errorf("the record of instance %s is too large", inst.ID)
	}
	c.Instances[inst.ID], c.Operations[opKey(op)] = inst, op
	return nil
}

// largest is how many bytes a record may have, as in a file.
const largest = 1 << 20

// Instance finds by tenant and name.
func (s *Store) Instance(ctx context.Context, tenant, name string) (model.Instance, error) {
	c, err := s.read(ctx)
	if err != nil {
		return model.Instance{}, err
	}
	inst, found := c.find(tenant, name)
	if !found {
		return inst, fmt.Errorf("instance %q %w in tenant %q", name, records.ErrNotFound, tenant)
	}
	return inst, nil
}

// Update changes one instance in place, if the rules allow it.
func (s *Store) Update(ctx context.Context, id string, change func(*model.Instance) error,
	rules ...model.Rule,
) (inst model.Instance, err error) {
	err = s.write(ctx, func(c *contents) error {
		if err := c.ask(rules); err != nil {
			return err
		}
		inst, err = c.alter(id, change)
		return err
	})
	if err != nil {
		return model.Instance{}, err
	}
	return inst, nil
}

func (c *contents) alter(id string, change func(*model.Instance) error) (model.Instance, error) {
	before, found := c.Instances[id]
	if !found {
		return before, fmt.Errorf("instance with id %q %w", id, records.ErrNotFound)
	}
	inst := before
	if err := change(&inst); err != nil {
		return inst, err
	}
	if before.ID != inst.ID || before.Tenant != inst.Tenant || before.Name != inst.Name {
		return inst, fmt.Errorf("instance %s: id, tenant and name cannot change", before.ID)
	}
	c.Instances[id] = inst
	return inst, nil
}

// Record stores an operation together with what it makes of its instance.
func (s *Store) Record(ctx context.Context, op model.Operation, change func(*model.Instance) error,
	rules ...model.Rule,
) (inst model.Instance, err error) {
	if !validKey(op.ID) || !validKey(op.Instance) {
		return inst, fmt.Errorf("operation %.40q of instance %.40q cannot be kept", op.ID, op.Instance)
	}
	err = s.write(ctx, func(c *contents) error {
		if err := c.ask(rules); err != nil {
			return err
		}
		if inst, err = c.alter(op.Instance, change); err != nil {
			return err
		}
		c.record(op)
		return nil
	})
	if err != nil {
		return model.Instance{}, err
	}
	return inst, nil
}

// Drop removes the instance's record.
func (s *Store) Drop(ctx context.Context, id string) error {
	return s.write(ctx, func(c *contents) error {
		c.drop(id)
		return nil
	})
}

func (c *contents) drop(id string) {
	if _, found := c.Instances[id]; found {
		delete(c.Instances, id)
		c.bury(id)
	}
}

// Removed stores an operation that has removed its instance, and drops the record.
func (s *Store) Removed(ctx context.Context, op model.Operation) error {
	if !validKey(op.ID) || !validKey(op.Instance) {
		return fmt.Errorf("operation %.40q of instance %.40q cannot be kept", op.ID, op.Instance)
	}
	return s.write(ctx, func(c *contents) error {
		for _, old := range c.operations(op.Instance) {
			if old.ID != op.ID && old.Status != model.Done && old.Status != model.Undone {
				old.Status, old.Ended = model.Undone, op.Ended
				c.record(old)
			}
		}
		c.record(op)
		c.drop(op.Instance)
		return nil
	})
}

// List returns the summaries, sorted by tenant and name.
func (s *Store) List(ctx context.Context, tenant string) (list []model.Summary, err error) {
	all, err := s.Instances(ctx)
	for _, inst := range all {
		if tenant == "" || inst.Tenant == tenant {
			list = append(list, model.Summarize(inst))
		}
	}
	slices.SortFunc(list, func(a, b model.Summary) int {
		return strings.Compare(a.Tenant+"\x00"+a.Name, b.Tenant+"\x00"+b.Name)
	})
	return list, err
}

// Instances returns all instances.
func (s *Store) Instances(ctx context.Context) ([]model.Instance, error) {
	c, err := s.read(ctx)
	return byName(c.Instances), err
}
