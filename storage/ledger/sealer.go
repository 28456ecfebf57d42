package ledger

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"holm/internal/fault"
	"holm/storage/records"
)

// Log has the audit log used, if it is whole: held against itself, and every record against it. Implementation: storage/records.
type Log interface {
	WholeAudit(ctx context.Context, use func(records.WholeLog) error) error
}

// Sealer signs how far the log of this host has come. There is no signature for a log that is not whole.
type Sealer struct {
	Log  Log
	Path string // of the host's signing key, which is made when it is first needed
	Now  func() time.Time
}

// At is the sealer of a state directory.
func At(state string, log Log, now func() time.Time) Sealer {
	return Sealer{Log: log, Path: filepath.Join(state, "keys", "audit_ed25519"), Now: now}
}

// Key is what it signs with.
func (s Sealer) Key() (ed25519.PrivateKey, error) { return Key(s.Path) }

// Whole has the log used, if it is whole.
func (s Sealer) Whole(ctx context.Context, use func(records.WholeLog) error) error {
	err := s.Log.WholeAudit(ctx, use)
	if errors.Is(err, records.ErrTampered) {
		return Tampered(err)
	}
	return err
}

// Checkpoint says how far the log has come by now.
func (s Sealer) Checkpoint(ctx context.Context) (signed Signed, err error) {
	err = s.Whole(ctx, func(log records.WholeLog) error {
		signed, err = s.Seal(log.End)
		return err
	})
	return signed, err
}

// Export writes the log, and a checkpoint behind it.
func (s Sealer) Export(ctx context.Context, w io.Writer) error {
	return s.Whole(ctx, func(log records.WholeLog) error {
		signed, err := s.Seal(log.End)
		if err != nil {
			return err
		}
		return Export(w, log, signed)
	})
}

// Seal signs a checkpoint of a place in a log that is whole.
func (s Sealer) Seal(at records.Mark) (Signed, error) {
	key, err := s.Key()
	if err != nil {
		return Signed{}, err
	}
	host, err := os.Hostname()
	if err != nil {
		return Signed{}, err
	}
	return Sign(key, Checkpoint{Host: host, Time: s.Now().UTC(), Seq: at.Seq, Head: at.Head})
}

// Tampered says what helps when a log is not what it was.
func Tampered(err error) error {
	return fault.New(fault.AuditTampered,
		"compare it with an export or a checkpoint that was kept elsewhere: holm audit verify --help", "%w", err)
}
