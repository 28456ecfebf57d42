package records

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// reservations finds the instances whose operations the log need not know: earlier versions logged a reservation, or a new
// size, without the operation that came with it.
type reservations struct {
	before AuditEntry
	untold map[string]bool // by the instance's id
}

func (r *reservations) hear(entry AuditEntry) {
	if entry.Kind == "instance.reserve" || entry.Kind == "instance.resize" {
		id := strings.TrimPrefix(entry.Object, "instance/")
		if !strings.HasPrefix(r.before.Object, operationObject(id, "")) {
			r.doubt(id)
		}
	}
	r.before = entry
}

// verifyLists compares what instances are found by, and what lists show of them, with the instances themselves.
func verifyLists(tx *bolt.Tx) error {
	names, summaries := tx.Bucket([]byte(bucketNames)), tx.Bucket([]byte(bucketSummaries))
	seen := map[string]bool{}
	err := tx.Bucket([]byte(bucketInstances)).ForEach(func(id, value []byte) error {
		inst, err := decode[model.Instance](value)
		if err != nil {
			return fmt.Errorf("%s: %w", instanceObject(string(id)), err)
		}
		key := nameKey(inst.Tenant, inst.Name)
		if inst.ID != string(id) || !bytes.Equal(names.Get(key), id) {
			return fmt.Errorf("the name %s/%s leads elsewhere than to %s", inst.Tenant, inst.Name, instanceObject(string(id)))
		}
		if !sums(summaries.Get(key), inst) {
			return fmt.Errorf("what lists show of %s/%s was altered", inst.Tenant, inst.Name)
		}
		seen[string(key)] = true
		return nil
	})
	if err != nil {
		return err
	}
	unknown := func(what string) func(key, _ []byte) error {
		return func(key, _ []byte) error {
			if !seen[string(key)] {
				return fmt.Errorf("there is a %s of %q, and no such instance", what, bytes.ReplaceAll(key, []byte{0}, []byte("/")))
			}
			return nil
		}
	}
	return errors.Join(names.ForEach(unknown("name")), summaries.ForEach(unknown("summary")))
}

// sums tells whether a stored summary, perhaps one of the first format, is that of the instance.
func sums(stored []byte, inst model.Instance) bool {
	s, err := decodeSummary(stored)
	want := model.Summarize(inst)
	if err == nil && stored[0] == firstSummaryFormat {
		s.BootID, s.Unverified = want.BootID, want.Unverified
	}
	return err == nil && bytes.Equal(encodeSummary(s), encodeSummary(want))
}
