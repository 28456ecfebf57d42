package records

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Audit returns all entries that are not archived, oldest first, as they are stored: see VerifyAudit.
func (b *Bolt) Audit(ctx context.Context) (entries []AuditEntry, err error) {
	err = b.readLong(ctx, func(tx *bolt.Tx) error {
		return b.eachEntry(tx, func(entry AuditEntry) error {
			entries = append(entries, entry)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// AuditTail is Audit for the last entries, and reads no others.
func (b *Bolt) AuditTail(ctx context.Context, last int) (entries []AuditEntry, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket([]byte(bucketAudit)).Cursor()
		for key, value := c.Last(); key != nil && len(entries) < last; key, value = c.Prev() {
			entry, err := b.entry(key, value)
			if err != nil {
				return err
			}
			entries = append(entries, entry)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(entries)
	return entries, nil
}

// AuditEnds tells where the log begins and ends, without reading what is between.
func (b *Bolt) AuditEnds(ctx context.Context) (from Base, end Mark, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		from, end, err = b.ends(tx)
		return err
	})
	return from, end, err
}

func (b *Bolt) ends(tx *bolt.Tx) (Base, Mark, error) {
	from, err := base(tx)
	if err != nil {
		return from, Mark{}, b.damaged(err)
	}
	end := Mark{Seq: from.Seq, Head: string(tx.Bucket([]byte(bucketMeta)).Get([]byte(keyHead)))}
	if key, _ := tx.Bucket([]byte(bucketAudit)).Cursor().Last(); len(key) == len(auditKey(0)) {
		end.Seq = binary.BigEndian.Uint64(key)
	}
	return from, end, nil
}

// WholeLog is an audit log as it was verified.
type WholeLog struct {
	Base Base // before its first entry
	End  Mark
	each func(visit func(AuditEntry) error) error
}

// Each visits the entries that are not archived, oldest first. It stops at the first error, which it returns as it is.
func (l WholeLog) Each(visit func(AuditEntry) error) error {
	if l.each == nil {
		return nil
	}
	return l.each(visit)
}

// WholeAudit is VerifyAudit that has the log used for which it stands: what is signed of a log is what was looked at. use is not
// called for one that is not whole, and may take its time; it must not call the store. An error from it is returned as it is.
func (b *Bolt) WholeAudit(ctx context.Context, use func(WholeLog) error) error {
	used := false
	err := b.readLong(ctx, func(tx *bolt.Tx) error {
		if err := b.verify(tx); err != nil {
			return err
		}
		from, end, err := b.ends(tx)
		if err != nil {
			return err
		}
		used = true
		each := func(visit func(AuditEntry) error) error {
			return b.eachEntry(tx, func(entry AuditEntry) error {
				if err := context.Cause(ctx); err != nil {
					return err
				}
				return visit(entry)
			})
		}
		return call(func() error { return use(WholeLog{Base: from, End: end, each: each}) })
	})
	if err != nil || used {
		return err
	}
	return use(WholeLog{}) // there is no file yet
}

func (b *Bolt) eachEntry(tx *bolt.Tx, visit func(AuditEntry) error) error {
	return tx.Bucket([]byte(bucketAudit)).ForEach(func(key, value []byte) error {
		entry, err := b.entry(key, value)
		if err != nil {
			return err
		}
		return visit(entry)
	})
}

func (b *Bolt) entry(key, value []byte) (AuditEntry, error) {
	entry, err := decode[AuditEntry](value)
	if err != nil {
		return entry, b.unreadable(fmt.Sprintf("audit entry %x", key), err)
	}
	return entry, nil
}

// VerifyAudit checks that the chain is whole, from its first entry to its last, or from the base that stands for those that were
// archived, and that every record is what the last entry about it says; names and summaries are held against the instances. It
// keeps no writer waiting while it reads. The error wraps ErrTampered and names the first thing that does not agree.
func (b *Bolt) VerifyAudit(ctx context.Context) error {
	return b.readLong(ctx, b.verify)
}

func (b *Bolt) verify(tx *bolt.Tx) error {
	if err := verify(tx); err != nil {
		return fmt.Errorf("%s %w: %w", b.path, ErrTampered, err)
	}
	return nil
}
