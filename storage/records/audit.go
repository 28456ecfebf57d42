package records

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// ErrTampered means that the audit log, or a record that it tells of, is not what holm wrote.
var ErrTampered = errors.New("does not agree with the audit log")

// AuditEntry is one change. Its hash covers every other field, and Prev the entry before: whoever alters, removes or
// inserts one has to rewrite all that follow.
type AuditEntry struct {
	Seq   uint64    `json:"seq"` // from 1, without gaps
	Time  time.Time `json:"time"`
	Actor string    `json:"actor"` // "uid 0", and ", login 1000" when that is somebody else
	// "instance.reserve", "instance.update", "instance.drop", "operation.put", "host.set", "audit.archive"
	Kind    string `json:"kind"`
	Object  string `json:"object"`            // "instance/<id>", "operation/<instance id>/<id>", "host"
	Note    string `json:"note,omitempty"`    // for people: "acme/web ready"
	Content string `json:"content,omitempty"` // SHA-256 of the record as it is stored; none when it was dropped
	Prev    string `json:"prev"`              // Hash of the entry before; "" in the first
	Hash    string `json:"hash"`              // SHA-256 of this entry's JSON with an empty hash
}

// change is what a transaction says it did.
type change struct {
	kind, object, note string
	content            []byte // nil when the object is gone
	also               []change
}

const hostObject = "host"

func instanceObject(id string) string            { return "instance/" + id }
func operationObject(instance, id string) string { return "operation/" + instance + "/" + id }

func appendAudit(tx *bolt.Tx, c change, now time.Time, who string) error {
	log, meta := tx.Bucket([]byte(bucketAudit)), tx.Bucket([]byte(bucketMeta))
	seq, err := log.NextSequence()
	if err != nil {
		return err
	}
	entry := AuditEntry{
		Seq: seq, Time: now.UTC(), Actor: who, Kind: c.kind, Object: c.object, Note: c.note,
		Content: digest(c.content), Prev: string(meta.Get([]byte(keyHead))),
	}
	value, err := seal(&entry)
	if err != nil {
		return err
	}
	return errors.Join(log.Put(auditKey(seq), value), meta.Put([]byte(keyHead), []byte(entry.Hash)))
}

// seal sets the hash and returns what is stored.
func seal(entry *AuditEntry) ([]byte, error) {
	entry.Hash = ""
	unsealed, err := encode(entry)
	if err != nil {
		return nil, err
	}
	entry.Hash = digest(unsealed)
	return encode(entry)
}

func verify(tx *bolt.Tx) error {
	from, err := base(tx)
	if err != nil {
		return err
	}
	last, began, err := known(tx, from) // object → content
	if err != nil {
		return err
	}
	chain := ChainAfter(from.Mark)
	err = tx.Bucket([]byte(bucketAudit)).ForEach(func(key, value []byte) error {
		entry, err := chain.Next(value)
		if err != nil {
			return err
		}
		if !bytes.Equal(key, auditKey(entry.Seq)) {
			return fmt.Errorf("audit entry %d is missing or out of its place", entry.Seq)
		}
		last[entry.Object] = entry.Content
		began.hear(entry)
		return nil
	})
	if err != nil {
		return err
	}
	meta := tx.Bucket([]byte(bucketMeta))
	if string(meta.Get([]byte(keyHead))) != chain.Head() {
		return fmt.Errorf("audit entries after %d are missing", chain.Seq())
	}
	if err := verifyContent(tx, last, began.untold); err != nil {
		return err
	}
	return verifyLists(tx)
}

// verifyContent compares the records with what the log says of them last. Only of an instance whose reservation was logged
// before operations were may there be one that the log does not know.
func verifyContent(tx *bolt.Tx, last map[string]string, untold map[string]bool) error {
	compare := func(object string, value []byte, always bool) error {
		content, known := last[object]
		delete(last, object)
		if (known || always) && content != digest(value) {
			return fmt.Errorf("%s was altered", object)
		}
		return nil
	}
	err := tx.Bucket([]byte(bucketInstances)).ForEach(func(id, value []byte) error {
		return compare(instanceObject(string(id)), value, true)
	})
	if err != nil {
		return err
	}
	err = tx.Bucket([]byte(bucketOperations)).ForEach(func(key, value []byte) error {
		instance, id, _ := strings.Cut(string(key), "\x00")
		return compare(operationObject(instance, id), value, !untold[instance])
	})
	if err != nil {
		return err
	}
	always := func(object string, value []byte) error { return compare(object, value, true) }
	if err := errors.Join(pools().each(tx, always), tenants().each(tx, always), flavors().each(tx, always), tenantKeys().each(tx, always),
		users().each(tx, always)); err != nil {
		return err
	}
	if value := tx.Bucket([]byte(bucketMeta)).Get([]byte(keyHost)); value != nil {
		if err := compare(hostObject, value, true); err != nil {
			return err
		}
	}
	if value := tx.Bucket([]byte(bucketMeta)).Get([]byte(keyBase)); value != nil {
		if err := compare(auditObject, value, true); err != nil {
			return err
		}
	}
	for object, content := range last {
		if content != "" {
			return fmt.Errorf("%s is gone", object)
		}
	}
	return nil
}

func auditKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// digest of nothing is "", so that an object that is gone has none.
func digest(value []byte) string {
	if value == nil {
		return ""
	}
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:])
}

// Actor names who is at work. sudo hides a person behind root, but the kernel keeps the id of the login.
func Actor() string {
	login, err := os.ReadFile("/proc/self/loginuid")
	if err != nil {
		login = nil
	}
	return describeActor(os.Getuid(), string(login))
}

func describeActor(uid int, login string) string {
	who := "uid " + strconv.Itoa(uid)
	const unset = 1<<32 - 1
	id, err := strconv.ParseUint(strings.TrimSpace(login), 10, 32)
	if err == nil && id != unset && id != uint64(uid) { //nolint:gosec // a uid is not negative
		who += ", login " + strconv.FormatUint(id, 10)
	}
	return who
}
