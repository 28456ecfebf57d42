package records

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// Record stores or replaces an operation together with what it makes of the record of its instance, in one transaction: it is
// PutOperation and Update.
func (b *Bolt) Record(ctx context.Context, op model.Operation, alter func(*model.Instance) error,
	rules ...model.Rule,
) (inst model.Instance, err error) {
	if err := validOperation(op); err != nil {
		return model.Instance{}, err
	}
	err = b.write(ctx, func(tx *bolt.Tx) (change, error) {
		if err := b.ask(tx, rules); err != nil {
			return change{}, err
		}
		var altered change
		if inst, altered, err = b.alter(tx, op.Instance, alter); err != nil {
			return change{}, err
		}
		c, err := recordOperation(tx, op)
		c.also = append(c.also, altered)
		return c, err
	})
	if err != nil {
		return model.Instance{}, err
	}
	return inst, nil
}

// Removed stores an operation that has removed its instance, and drops the record, in one transaction. What others of the instance
// have left open is undone by that.
func (b *Bolt) Removed(ctx context.Context, op model.Operation) error {
	if err := validOperation(op); err != nil {
		return err
	}
	return b.write(ctx, func(tx *bolt.Tx) (change, error) {
		all, err := b.operations(tx, op.Instance)
		if err != nil {
			return change{}, err
		}
		var whole change
		for _, old := range append(all, op) {
			switch {
			case old.ID == op.ID:
				old = op
			case old.Status == model.Done || old.Status == model.Undone:
				continue
			default:
				old.Status, old.Ended = model.Undone, op.Ended
			}
			c, err := recordOperation(tx, old)
			if err != nil {
				return change{}, err
			}
			whole.also = append(whole.also, c.also...)
		}
		c, err := b.drop(tx, op.Instance)
		whole.also = append(append(whole.also, c.also...), change{kind: c.kind, object: c.object, note: c.note, content: c.content})
		return whole, err
	})
}

// recordOperation is what PutOperation does in its transaction.
func recordOperation(tx *bolt.Tx, op model.Operation) (change, error) {
	value, changed, err := putOperation(tx, op)
	if err != nil || !changed {
		return change{}, err
	}
	c := change{also: []change{operationChange(op, value)}}
	if op.Over() {
		dropped, err := dropOperations(tx, op.Instance, KeptOperations, droppedAtOnce)
		if err != nil {
			return change{}, err
		}
		c.also = append(c.also, dropped...) // behind it: it may be the oldest itself
	}
	return c, nil
}
