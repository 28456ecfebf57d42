package records

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// ErrMoved means that the log does not begin any more where somebody thought.
var ErrMoved = errors.New("the audit log was archived by somebody else meanwhile")

// DropArchived drops the oldest entries of the log, in one transaction, and puts a base in their place. from is where the log began,
// and upTo where what is kept elsewhere ends: only the very entries that lead from one to the other are dropped. where is the name
// of that place, for people.
func (b *Bolt) DropArchived(ctx context.Context, from, upTo Mark, where string) error {
	return b.write(ctx, func(tx *bolt.Tx) (change, error) {
		old, err := base(tx)
		if err != nil {
			return change{}, err
		}
		if old.Mark != from {
			return change{}, ErrMoved
		}
		if upTo.Seq <= from.Seq {
			return change{}, fmt.Errorf("there is no entry from %d to %d", from.Seq+1, upTo.Seq)
		}
		fresh := Base{Mark: upTo, Archived: b.now().UTC()}
		if err := rebase(tx, old, &fresh); err != nil {
			return change{}, fmt.Errorf("%s %w: %w", b.path, ErrTampered, err)
		}
		for seq := from.Seq + 1; seq <= upTo.Seq; seq++ {
			if err := tx.Bucket([]byte(bucketAudit)).Delete(auditKey(seq)); err != nil {
				return change{}, err
			}
		}
		value, err := encode(fresh)
		if err != nil {
			return change{}, err
		}
		note := fmt.Sprintf("entries %d to %d are in %s", from.Seq+1, upTo.Seq, where)
		return change{kind: "audit.archive", object: auditObject, note: note, content: value},
			tx.Bucket([]byte(bucketMeta)).Put([]byte(keyBase), value)
	})
}

// rebase follows the log from an old base to a fresh one, and writes down what is known of the records there.
func rebase(tx *bolt.Tx, old Base, fresh *Base) error {
	_, began, err := known(tx, old)
	if err != nil {
		return err
	}
	chain, last := ChainAfter(old.Mark), map[string]string{}
	c := tx.Bucket([]byte(bucketAudit)).Cursor()
	for key, value := c.First(); key != nil && chain.Seq() < fresh.Seq; key, value = c.Next() {
		entry, err := chain.Next(value)
		if err != nil {
			return err
		}
		last[entry.Object] = entry.Content
		began.hear(entry)
		fresh.Time, fresh.Object = entry.Time, entry.Object
	}
	if chain.Mark() != fresh.Mark {
		return fmt.Errorf("audit entry %d is not what was archived", fresh.Seq)
	}
	contents, err := tx.CreateBucketIfNotExists([]byte(bucketBase))
	if err != nil {
		return err
	}
	delete(last, auditObject) // the entry that tells of this archive is yet to come
	for _, object := range slices.Sorted(maps.Keys(last)) {
		// Of an object that is gone nothing is kept, unless the log need not have known of it.
		if content := last[object]; content == "" && !began.doubted(object) {
			err = contents.Delete([]byte(object))
		} else {
			err = contents.Put([]byte(object), []byte(content))
		}
		if err != nil {
			return err
		}
	}
	if err := markUntold(tx, contents, began.untold); err != nil {
		return err
	}
	fresh.Contents = digestOf(contents)
	return nil
}

// markUntold writes down of which instances there may be operations that the log does not know: those that have any.
func markUntold(tx *bolt.Tx, contents *bolt.Bucket, untold map[string]bool) error {
	c := tx.Bucket([]byte(bucketOperations)).Cursor()
	for _, id := range slices.Sorted(maps.Keys(untold)) {
		var err error
		prefix, mark := operationKey(id, ""), []byte(untoldObject+id)
		if key, _ := c.Seek(prefix); bytes.HasPrefix(key, prefix) {
			err = contents.Put(mark, []byte("1"))
		} else {
			err = contents.Delete(mark)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// doubted tells whether an object is an operation of which the log need not know.
func (r *reservations) doubted(object string) bool {
	operation, is := strings.CutPrefix(object, "operation/")
	instance, _, _ := strings.Cut(operation, "/")
	return is && r.untold[instance]
}

func (r *reservations) doubt(id string) {
	if r.untold == nil {
		r.untold = map[string]bool{}
	}
	r.untold[id] = true
}
