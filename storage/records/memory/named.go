package memory

import (
	"context"
	"fmt"

	"holm/provisioner/model"
	"holm/storage/records"
)

// shelf is where one kind of record is kept by name.
type shelf[T any] struct {
	noun string
	in   func(c *contents) map[string]T
	name func(T) string
}

var (
	pools = shelf[model.Pool]{
		"pool", func(c *contents) map[string]model.Pool { return c.Pools },
		func(p model.Pool) string { return p.Name },
	}
	tenants = shelf[model.Tenant]{
		"tenant", func(c *contents) map[string]model.Tenant { return c.Tenants }, func(t model.Tenant) string { return t.Name },
	}
	tenantKeys = shelf[model.TenantKey]{
		"key", func(c *contents) map[string]model.TenantKey { return c.Keys }, func(k model.TenantKey) string { return k.Tenant },
	}
	flavors = shelf[model.Flavor]{
		"flavor", func(c *contents) map[string]model.Flavor { return c.Flavors }, func(f model.Flavor) string { return f.Name },
	}
)

func (h shelf[T]) missing(name string) error {
	return fmt.Errorf("%s %q %w", h.noun, name, records.ErrNotFound)
}

func (h shelf[T]) add(ctx context.Context, s *Store, value T, admit func(existing []T) error, rules ...model.Rule) error {
	name := h.name(value)
	if !validKey(name) {
		return fmt.Errorf("a %s cannot have the name %.40q", h.noun, name)
	}
	return s.write(ctx, func(c *contents) error {
		if _, taken := h.in(c)[name]; taken {
			return fmt.Errorf("%s %q %w", h.noun, name, records.ErrExists)
		}
		if err := c.ask(rules); err != nil {
			return err
		}
		if err := admit(byName(h.in(c))); err != nil {
			return err
		}
		h.in(c)[name] = value
		c.Founded = c.Founded || len(c.Tenants) > 0
		return nil
	})
}

func (h shelf[T]) find(ctx context.Context, s *Store, name string) (value T, err error) {
	c, err := s.read(ctx)
	if err != nil {
		return value, err
	}
	value, found := h.in(&c)[name]
	if !found {
		err = h.missing(name)
	}
	return value, err
}

func (h shelf[T]) list(ctx context.Context, s *Store) ([]T, error) {
	c, err := s.read(ctx)
	return byName(h.in(&c)), err
}

func (h shelf[T]) update(ctx context.Context, s *Store, name string, alter func(c *contents, value *T) error) (value T, err error) {
	var none T
	err = s.write(ctx, func(c *contents) error {
		found := false
		if value, found = h.in(c)[name]; !found {
			return h.missing(name)
		}
		if err := alter(c, &value); err != nil {
			return err
		}
		if h.name(value) != name {
			return fmt.Errorf("%s %q: the name cannot change", h.noun, name)
		}
		h.in(c)[name] = value
		return nil
	})
	if err != nil {
		return none, err
	}
	return value, nil
}

func (h shelf[T]) drop(ctx context.Context, s *Store, name string, belongs func(model.Instance) bool,
	admit func(living []model.Instance) error, goes func(c *contents), rules ...model.Rule,
) error {
	return s.write(ctx, func(c *contents) error {
		if _, found := h.in(c)[name]; !found {
			return h.missing(name)
		}
		if err := c.ask(rules); err != nil {
			return err
		}
		if err := admit(c.of(belongs)); err != nil {
			return err
		}
		delete(h.in(c), name)
		goes(c)
		return nil
	})
}
