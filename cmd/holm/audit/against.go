package audit

import (
	"crypto/ed25519"
	"errors"
	"io"
	"os"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/storage/ledger"
	"holm/storage/records"
)

// maxCheckpoint is the longest file of a checkpoint that is read, in bytes.
const maxCheckpoint = 64 << 10

// holding holds a log against a checkpoint that was kept elsewhere; against none when there is no file.
type holding struct {
	whose ed25519.PublicKey
	path  string
	kept  ledger.Signed
	found string // the hash that the log has where the checkpoint was made
}

func (h *holding) read(path string) (err error) {
	h.path = path
	if path != "" {
		h.kept, err = readCheckpoint(path)
	}
	return err
}

func (h *holding) hear(entry records.AuditEntry) {
	if entry.Seq == h.kept.Checkpoint.Seq {
		h.found = entry.Hash
	}
}

func (h *holding) upTo() uint64 { return h.kept.Checkpoint.Seq }

// verdict is on a log that begins behind one entry and ends with another. more is what to check when the checkpoint is of before.
func (h *holding) verdict(after, end records.Mark, more string) error {
	if h.path == "" {
		return nil
	}
	if err := h.kept.Verify(h.whose); err != nil {
		return ledger.Tampered(err)
	}
	err := ledger.Since(h.kept.Checkpoint, after, end, h.found)
	if errors.Is(err, ledger.ErrArchived) {
		more += " --against " + cli.ShellWord(h.path) + " --key KEY"
		return fault.New(fault.CheckFailed, "with the archive that has it, and all that follow: "+more, "%w", err)
	}
	if err != nil {
		return ledger.Tampered(err)
	}
	return nil
}

func readCheckpoint(path string) (ledger.Signed, error) {
	f, err := os.Open(path) // #nosec G304 -- whoever runs holm names it, and may read it
	if err != nil {
		return ledger.Signed{}, missingFile(err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxCheckpoint))
	if err != nil {
		return ledger.Signed{}, err
	}
	s, err := ledger.Parse(content)
	if err != nil {
		return s, fault.New(fault.AuditTampered, "it is made by: holm audit checkpoint -o json", "%s: %w", cli.Quoted(path), err)
	}
	return s, nil
}

func missingFile(err error) error {
	return fault.New(fault.NotFound, "name a file that there is", "%w", err)
}
