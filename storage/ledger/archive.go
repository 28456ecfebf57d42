package ledger

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"os"

	"holm/internal/atomicfile"
	"holm/storage/records"
)

// Archive writes an export up to a checkpoint into a new file, which is on the disk and was read again when it returns without error.
// What is at path already stays, and is an error that wraps fs.ErrExist.
func Archive(path string, log records.WholeLog, sealed Signed, trusted ed25519.PublicKey) error {
	err := atomicfile.Create(path, 0o600, func(w io.Writer) error { return Export(w, log, sealed) })
	if err != nil {
		return err
	}
	part, err := ReadFile(path, trusted, nil)
	if err != nil {
		return fmt.Errorf("%s does not read as it was written: %w", path, err)
	}
	if part.After != log.Base.Mark || part.Signature != sealed.Signature {
		return fmt.Errorf("%s is not what was written", path)
	}
	return nil
}

// ReadFile is Import of a file.
func ReadFile(path string, trusted ed25519.PublicKey, hear func(records.AuditEntry)) (part Part, err error) {
	f, err := os.Open(path) // #nosec G304 -- whoever runs holm names it, and may read it
	if err != nil {
		return part, err
	}
	defer func() { _ = f.Close() }()
	return Import(f, trusted, hear)
}
