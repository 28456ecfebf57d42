package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holm/provisioner/model"
	"holm/storage/records"
)

func opKey(op model.Operation) string { return op.Instance + "\x00" + op.ID }

// PutOperation stores or replaces an operation; with one that has ended, the oldest of more than are kept go.
func (s *Store) PutOperation(ctx context.Context, op model.Operation) error {
	if !validKey(op.ID) || !validKey(op.Instance) {
		return fmt.Errorf("operation %.40q of instance %.40q cannot be kept", op.ID, op.Instance)
	}
	return s.write(ctx, func(c *contents) error {
		c.record(op)
		return nil
	})
}

func (c *contents) record(op model.Operation) {
	c.Operations[opKey(op)] = op
	if op.Over() {
		c.prune(op.Instance, records.KeptOperations)
	}
}

// prune drops the oldest ended operations of an instance until keep of them are left.
func (c *contents) prune(instance string, keep int) {
	all := c.operations(instance)
	if len(all) <= keep {
		return
	}
	ended := slices.DeleteFunc(all, func(op model.Operation) bool { return !op.Over() })
	for _, op := range ended[:max(len(ended)-keep, 0)] {
		delete(c.Operations, opKey(op))
	}
}

// bury remembers that an instance was removed, and drops the operations of those that were removed too long ago.
func (c *contents) bury(instance string) {
	c.Removed = append(c.Removed, instance)
	for len(c.Removed) > records.KeptRemoved {
		if _, back := c.Instances[c.Removed[0]]; !back {
			c.prune(c.Removed[0], 0)
		}
		c.Removed = c.Removed[1:]
	}
}

// operations are those of an instance, or all, oldest first.
func (c *contents) operations(instance string) (list []model.Operation) {
	for _, op := range c.Operations {
		if instance == "" || op.Instance == instance {
			list = append(list, op)
		}
	}
	slices.SortFunc(list, func(a, b model.Operation) int { return strings.Compare(a.ID+"\x00"+a.Instance, b.ID+"\x00"+b.Instance) })
	return list
}

// Operations returns the operations of one instance, oldest first; instance "" means all.
func (s *Store) Operations(ctx context.Context, instance string) ([]model.Operation, error) {
	c, err := s.read(ctx)
	return c.operations(instance), err
}
