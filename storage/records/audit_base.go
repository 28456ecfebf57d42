package records

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// auditObject is what the log calls its own base.
const auditObject = "audit"

// untoldObject marks, among the contents of a base, an instance whose operations the log need not know: see reservations.
const untoldObject = "untold/"

// Mark is a place in the log: behind an entry. The zero value stands before the first.
type Mark struct {
	Seq  uint64 `json:"seq"`
	Head string `json:"head"` // the entry's hash
}

// Base stands in the place of the oldest entries once they are archived. What they said of the records is beside it, in a bucket,
// and the entry that tells of the archive has the base's digest as its content.
type Base struct {
	Mark               // of the last entry that was dropped
	Time     time.Time `json:"time"`     // of that entry
	Object   string    `json:"object"`   // what that entry was about
	Archived time.Time `json:"archived"` // when it was dropped
	Contents string    `json:"contents"` // digest of all that is known of the records from then
}

// base is that of the log; the zero value when nothing was archived.
func base(tx *bolt.Tx) (Base, error) {
	value := tx.Bucket([]byte(bucketMeta)).Get([]byte(keyBase))
	if value == nil {
		return Base{}, nil
	}
	found, err := decode[Base](value)
	if err != nil {
		return Base{}, fmt.Errorf("the base of the audit log cannot be read: %w", err)
	}
	return found, nil
}

// known is what a base says of the records: the content of each object, and the instances of whose operations it need not know.
func known(tx *bolt.Tx, b Base) (last map[string]string, began reservations, err error) {
	last = map[string]string{}
	if b.Seq == 0 {
		return last, began, nil
	}
	began.before.Object = b.Object
	contents := tx.Bucket([]byte(bucketBase))
	if contents == nil || digestOf(contents) != b.Contents {
		return nil, began, fmt.Errorf("what the base of the audit log says of the records was altered")
	}
	err = contents.ForEach(func(key, content []byte) error {
		if id, untold := strings.CutPrefix(string(key), untoldObject); untold {
			began.doubt(id)
		} else {
			last[string(key)] = string(content)
		}
		return nil
	})
	return last, began, err
}

// digestOf is the digest of all keys and values of a bucket.
func digestOf(bucket *bolt.Bucket) string {
	sum := sha256.New()
	c := bucket.Cursor()
	for key, value := c.First(); key != nil; key, value = c.Next() {
		for _, part := range [][]byte{key, value} {
			_, _ = sum.Write(binary.AppendUvarint(nil, uint64(len(part)))) // never fails
			_, _ = sum.Write(part)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
