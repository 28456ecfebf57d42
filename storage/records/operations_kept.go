package records

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// The journal is bounded: of each instance the newest operations that have ended are kept, and those of the instances that were
// removed last. What has not ended is kept whatever it is. The audit log knows of each that was dropped.
const (
	KeptOperations = 20  // of one instance
	KeptRemoved    = 100 // instances
)

// droppedAtOnce bounds what one transaction drops: a file of before there was a bound comes to it step by step.
const droppedAtOnce = 50

// dropOperations drops the oldest ended operations of an instance until keep of them are left, and no more than atOnce. It reads
// the keys of this instance alone, and no values unless there are more than keep.
func dropOperations(tx *bolt.Tx, instance string, keep, atOnce int) (dropped []change, err error) {
	bucket, prefix := tx.Bucket([]byte(bucketOperations)), operationKey(instance, "")
	var keys [][]byte
	c := bucket.Cursor()
	for k, _ := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		keys = append(keys, k)
	}
	if len(keys) <= keep {
		return nil, nil
	}
	type old struct {
		key []byte
		op  model.Operation
	}
	var ended []old
	for _, key := range keys {
		// What cannot be read is left: the journal goes on.
		if op, err := decode[model.Operation](bucket.Get(key)); err == nil && op.Over() {
			ended = append(ended, old{bytes.Clone(key), op})
		}
	}
	for _, o := range ended[:min(max(len(ended)-keep, 0), atOnce)] {
		if err := bucket.Delete(o.key); err != nil {
			return nil, err
		}
		_, id, _ := strings.Cut(string(o.key), "\x00")
		dropped = append(dropped, change{
			kind: "operation.drop", object: operationObject(instance, id), note: o.op.Kind + " " + o.op.Tenant + "/" + o.op.Name,
		})
	}
	return dropped, nil
}

// bury remembers that an instance was removed, in the transaction that does it, and drops the operations of those that were removed
// too long ago.
func bury(tx *bolt.Tx, instance string) (dropped []change, err error) {
	removed := tx.Bucket([]byte(bucketRemoved))
	if removed == nil {
		if removed, err = removedBefore(tx, instance); err != nil {
			return nil, err
		}
	}
	if err := remember(removed, instance); err != nil {
		return nil, err
	}
	// They are numbered without gaps, and go from the front.
	for len(dropped) < droppedAtOnce {
		key, value := removed.Cursor().First()
		if key == nil || removed.Sequence()-binary.BigEndian.Uint64(key) < KeptRemoved {
			break
		}
		oldest, left := string(value), droppedAtOnce-len(dropped)
		if tx.Bucket([]byte(bucketInstances)).Get(value) == nil {
			some, err := dropOperations(tx, oldest, 0, left)
			if err != nil {
				return nil, err
			}
			if dropped = append(dropped, some...); len(some) == left {
				break // there may be more of it
			}
		}
		if err := removed.Delete(bytes.Clone(key)); err != nil {
			return nil, err
		}
	}
	return dropped, nil
}

func remember(removed *bolt.Bucket, instance string) error {
	number, err := removed.NextSequence()
	if err != nil {
		return err
	}
	return removed.Put(binary.BigEndian.AppendUint64(nil, number), []byte(instance))
}

// removedBefore makes the bucket, once in the life of a file, of those that were removed when nobody kept it: the order is that of
// their last operations. It goes from one instance to the next, without reading what is between.
func removedBefore(tx *bolt.Tx, but string) (*bolt.Bucket, error) {
	removed, err := tx.CreateBucket([]byte(bucketRemoved))
	if err != nil {
		return nil, err
	}
	type gone struct{ last, instance string }
	var all []gone
	c := tx.Bucket([]byte(bucketOperations)).Cursor()
	for key, _ := c.First(); key != nil; {
		instance, _, _ := strings.Cut(string(key), "\x00")
		next := []byte(instance + "\x01")
		last, _ := c.Seek(next)
		if last == nil {
			last, _ = c.Last()
		} else {
			last, _ = c.Prev()
		}
		if instance != but && tx.Bucket([]byte(bucketInstances)).Get([]byte(instance)) == nil {
			_, id, _ := strings.Cut(string(last), "\x00")
			all = append(all, gone{id, instance})
		}
		key, _ = c.Seek(next)
	}
	slices.SortFunc(all, func(a, b gone) int { return strings.Compare(a.last, b.last) })
	for _, g := range all {
		if err := remember(removed, g.instance); err != nil {
			return nil, err
		}
	}
	return removed, nil
}
