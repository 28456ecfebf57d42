package records

import (
	"bytes"
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// shelf is a bucket of records that are kept by name. A file from before there was such a bucket has none of them.
type shelf[T any] struct {
	bucket string
	noun   string // "pool": for errors, and for the audit log
	name   func(T) string
	note   func(T) string // what the audit log says for people

	// dropped changes what depends on a record, in the transaction that removes it; nil when nothing does.
	dropped func(b *Bolt, tx *bolt.Tx, name string) error
}

func (s shelf[T]) object(name string) string { return s.noun + "/" + name }

func (s shelf[T]) missing(name string) error {
	return fmt.Errorf("%s %q %w", s.noun, name, ErrNotFound)
}

// add stores a new record; ErrExists when the name is taken. admit is given all that there are, sorted by name.
func (s shelf[T]) add(ctx context.Context, b *Bolt, value T, admit func(existing []T) error, rules ...model.Rule) error {
	name := s.name(value)
	if err := validKey(s.noun+"'s name", name); err != nil {
		return err
	}
	return b.writeMore(ctx, func(tx *bolt.Tx) (change, error) {
		bucket, err := tx.CreateBucketIfNotExists([]byte(s.bucket))
		if err != nil {
			return change{}, err
		}
		if bucket.Get([]byte(name)) != nil {
			return change{}, fmt.Errorf("%s %q %w", s.noun, name, ErrExists)
		}
		if err := b.ask(tx, rules); err != nil {
			return change{}, err
		}
		existing, err := s.all(b, tx)
		if err != nil {
			return change{}, err
		}
		if err := call(func() error { return admit(existing) }); err != nil {
			return change{}, err
		}
		return s.put(tx, value, "add")
	})
}

// get finds by name.
func (s shelf[T]) get(b *Bolt, tx *bolt.Tx, name string) (value T, found bool, err error) {
	bucket := tx.Bucket([]byte(s.bucket))
	if bucket == nil {
		return value, false, nil
	}
	content := bucket.Get([]byte(name))
	if content == nil {
		return value, false, nil
	}
	if value, err = decode[T](content); err != nil {
		return value, false, b.unreadable(s.noun+" "+name, err)
	}
	return value, true, nil
}

// all returns all, sorted by name.
func (s shelf[T]) all(b *Bolt, tx *bolt.Tx) (all []T, err error) {
	bucket := tx.Bucket([]byte(s.bucket))
	if bucket == nil {
		return nil, nil
	}
	err = bucket.ForEach(func(name, content []byte) error {
		value, err := decode[T](content)
		if err != nil {
			return b.unreadable(s.noun+" "+string(name), err)
		}
		all = append(all, value)
		return nil
	})
	return all, err
}

// find is get in a transaction of its own; ErrNotFound.
func (s shelf[T]) find(ctx context.Context, b *Bolt, name string) (value T, err error) {
	found := false
	err = b.read(ctx, func(tx *bolt.Tx) error {
		value, found, err = s.get(b, tx, name)
		return err
	})
	if err == nil && !found {
		err = s.missing(name)
	}
	return value, err
}

// list is all in a transaction of its own.
func (s shelf[T]) list(ctx context.Context, b *Bolt) (all []T, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		all, err = s.all(b, tx)
		return err
	})
	return all, err
}

// update changes one record in place and returns it as it is then; ErrNotFound.
func (s shelf[T]) update(ctx context.Context, b *Bolt, name string, alter func(tx *bolt.Tx, value *T) error) (value T, err error) {
	err = b.write(ctx, func(tx *bolt.Tx) (change, error) {
		found := false
		if value, found, err = s.get(b, tx, name); err != nil {
			return change{}, err
		}
		if !found {
			return change{}, s.missing(name)
		}
		if err := alter(tx, &value); err != nil {
			return change{}, err
		}
		if s.name(value) != name {
			return change{}, fmt.Errorf("%s %q: the name cannot change", s.noun, name)
		}
		return s.put(tx, value, "update")
	})
	if err != nil {
		var none T
		return none, err
	}
	return value, nil
}

// drop removes a record; ErrNotFound. admit is given the instances that belong to it, in no particular order.
func (s shelf[T]) drop(ctx context.Context, b *Bolt, name string, belongs func(model.Instance) bool,
	admit func(living []model.Instance) error,
	rules ...model.Rule,
) error {
	return b.write(ctx, func(tx *bolt.Tx) (change, error) {
		value, found, err := s.get(b, tx, name)
		if err != nil {
			return change{}, err
		}
		if !found {
			return change{}, s.missing(name)
		}
		if err := b.ask(tx, rules); err != nil {
			return change{}, err
		}
		all, err := b.allInstances(tx)
		if err != nil {
			return change{}, err
		}
		var living []model.Instance
		for _, inst := range all {
			if belongs(inst) {
				living = append(living, inst)
			}
		}
		if err := call(func() error { return admit(living) }); err != nil {
			return change{}, err
		}
		if s.dropped != nil {
			if err := s.dropped(b, tx, name); err != nil {
				return change{}, err
			}
		}
		return change{kind: s.noun + ".drop", object: s.object(name), note: s.note(value)}, tx.Bucket([]byte(s.bucket)).Delete([]byte(name))
	})
}

// each visits all as they are stored, by what the audit log calls them.
func (s shelf[T]) each(tx *bolt.Tx, visit func(object string, content []byte) error) error {
	bucket := tx.Bucket([]byte(s.bucket))
	if bucket == nil {
		return nil
	}
	return bucket.ForEach(func(name, content []byte) error { return visit(s.object(string(name)), content) })
}

// put stores a record; no change when it is stored like that already.
func (s shelf[T]) put(tx *bolt.Tx, value T, verb string) (change, error) {
	name, bucket := []byte(s.name(value)), tx.Bucket([]byte(s.bucket))
	content, err := encodeOver(value, bucket.Get(name))
	if err != nil {
		return change{}, err
	}
	if bytes.Equal(bucket.Get(name), content) {
		return change{}, nil
	}
	return change{kind: s.noun + "." + verb, object: s.object(s.name(value)), note: s.note(value), content: content}, bucket.Put(name, content)
}
