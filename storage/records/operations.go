package records

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// PutOperation stores or replaces an operation; with one that has ended, the oldest of more than KeptOperations go. It is one
// transaction with one sync of the file, so that a step costs as little as its promise to be durable allows.
func (b *Bolt) PutOperation(ctx context.Context, op model.Operation) error {
	if err := validOperation(op); err != nil {
		return err
	}
	return b.write(ctx, func(tx *bolt.Tx) (change, error) { return recordOperation(tx, op) })
}

// withOperation stores an operation and what it is about; the log tells of the operation first.
func withOperation(tx *bolt.Tx, op model.Operation, put func() (change, error)) (change, error) {
	value, changed, err := putOperation(tx, op)
	if err != nil {
		return change{}, err
	}
	c, err := put()
	if changed {
		c.also = append(c.also, operationChange(op, value))
	}
	return c, err
}

func operationChange(op model.Operation, stored []byte) change {
	note := op.Kind + " " + op.Tenant + "/" + op.Name + " " + string(op.Status)
	return change{kind: "operation.put", object: operationObject(op.Instance, op.ID), note: note, content: stored}
}

// Operations returns the operations of one instance that are kept, oldest first; instance "" means all.
func (b *Bolt) Operations(ctx context.Context, instance string) (list []model.Operation, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		list, err = b.operations(tx, instance)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (b *Bolt) operations(tx *bolt.Tx, instance string) (list []model.Operation, err error) {
	var prefix []byte
	if instance != "" {
		prefix = operationKey(instance, "")
	}
	c := tx.Bucket([]byte(bucketOperations)).Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		op, err := decode[model.Operation](v)
		if err != nil {
			return nil, b.unreadable(fmt.Sprintf("operation %q", k), err)
		}
		list = append(list, op)
	}
	slices.SortStableFunc(list, func(a, b model.Operation) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

func putOperation(tx *bolt.Tx, op model.Operation) (value []byte, changed bool, err error) {
	value, err = encode(op)
	if err != nil {
		return nil, false, err
	}
	bucket, key := tx.Bucket([]byte(bucketOperations)), operationKey(op.Instance, op.ID)
	if bytes.Equal(bucket.Get(key), value) {
		return value, false, nil
	}
	return value, true, bucket.Put(key, value)
}

func validOperation(op model.Operation) error {
	return errors.Join(validKey("operation's id", op.ID), validKey("operation's instance", op.Instance))
}

func operationKey(instance, id string) []byte { return []byte(instance + "\x00" + id) }
