package ledger_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holm/internal/fault"
	"holm/storage/ledger"
	"holm/storage/records"
)

// kept is one that is whole, or is not.
type kept struct {
	whole records.WholeLog
	fails error
}

func (l kept) WholeAudit(_ context.Context, use func(records.WholeLog) error) error {
	if l.fails != nil {
		return l.fails
	}
	return use(l.whole)
}

func TestOnlyAWholeLogIsSigned(t *testing.T) {
	state := t.TempDir()
	now := func() time.Time { return time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC) }
	whole := records.WholeLog{End: records.Mark{Seq: 3, Head: "ab"}}
	s := ledger.At(state, kept{whole: whole}, now)
	signed, err := s.Checkpoint(t.Context())
	if err != nil || signed.Checkpoint.Seq != 3 || signed.Checkpoint.Head != "ab" || !signed.Checkpoint.Time.Equal(now()) {
		t.Fatalf("%+v, %v", signed, err)
	}
	key, err := s.Key()
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(key.Public().(ed25519.PublicKey)); err != nil {
		t.Error(err)
	}
	elsewhere := t.TempDir()
	broken := ledger.At(elsewhere, kept{fails: records.ErrTampered}, now)
	if signed, err := broken.Checkpoint(t.Context()); fault.KindOf(err) != fault.CheckFailed || signed.Signature != "" {
		t.Errorf("a checkpoint of what is not whole: %+v, %v", signed, err)
	}
	var out bytes.Buffer
	if err := broken.Export(t.Context(), &out); fault.KindOf(err) != fault.CheckFailed || out.Len() > 0 {
		t.Errorf("an export of what is not whole: %q, %v", &out, err)
	}
	if _, err := os.Stat(filepath.Join(elsewhere, "keys")); err == nil {
		t.Error("a key was made for nothing")
	}
}
