package records_test

import (
	"context"
	"path/filepath"
	"testing"

	"holm/storage/records"
	"holm/storage/records/recordstest"
)

func TestBoltConforms(t *testing.T) {
	recordstest.Conformance(t, func(t *testing.T) recordstest.Store {
		path := filepath.Join(t.TempDir(), "state", "holm.db")
		store := records.Open(path)
		t.Cleanup(func() {
			if err := store.VerifyAudit(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		return store
	})
}

// Two handles are to each other what two processes are: each transaction opens the file anew.
func TestBoltConformsThroughManyHandles(t *testing.T) {
	recordstest.Conformance(t, func(t *testing.T) recordstest.Store {
		return handles{filepath.Join(t.TempDir(), "holm.db")}
	})
}
