package records

import (
	"fmt"
	"testing"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// A file of before the journal had a bound comes to it step by step: no transaction drops a great many.
func TestAnOlderJournalComesToItsBoundStepByStep(t *testing.T) {
	const many = KeptOperations + 2*droppedAtOnce
	store := newStore(t)
	older := func(instance string) {
		for n := range many {
			op := model.Operation{ID: fmt.Sprintf("0%03d", n), Kind: "verify", Instance: instance, Tenant: "acme", Name: "web", Status: model.Done}
			err := store.write(t.Context(), func(tx *bolt.Tx) (change, error) {
				value, _, err := putOperation(tx, op)
				return operationChange(op, value), err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	older(testID)
	left := many
	for n := range 4 {
		op := model.Operation{ID: fmt.Sprintf("9%03d", n), Kind: "verify", Instance: testID, Status: model.Done}
		if err := store.PutOperation(t.Context(), op); err != nil {
			t.Fatal(err)
		}
		left = max(left+1-droppedAtOnce, KeptOperations)
		wantKept(t, store, testID, left+1) // and the one that has not ended
	}

	// Instances that were removed when nobody kept count of them: the oldest by their last operation go first.
	gone := func(n int) string { return fmt.Sprintf("%012x", 0xa00000000000-n) }
	for n := range KeptRemoved + 1 {
		op := model.Operation{ID: fmt.Sprintf("5%03d", n), Kind: "create", Instance: gone(n), Status: model.Done}
		if err := store.PutOperation(t.Context(), op); err != nil {
			t.Fatal(err)
		}
	}
	older(gone(0)) // whose last is still the oldest of all
	if err := store.Drop(t.Context(), testID); err != nil {
		t.Fatal(err)
	}
	wantKept(t, store, gone(0), many+1-droppedAtOnce)
	wantKept(t, store, gone(1), 1)
	wantKept(t, store, testID, KeptOperations+1)
	if err := store.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func wantKept(t *testing.T, store *Bolt, instance string, want int) {
	t.Helper()
	ops, err := store.Operations(t.Context(), instance)
	if err != nil || len(ops) != want {
		t.Fatalf("%d operations of %s are kept, want %d (%v)", len(ops), instance, want, err)
	}
}
