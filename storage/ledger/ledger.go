// Package ledger lets the audit log be judged elsewhere. A checkpoint says how far the log had come and what it hashed to
// then, signed by the host's own key: whoever keeps one finds out when the log was cut or rewritten since, and whoever has
// an export can check it without the host.
package ledger

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"holm/storage/records"
)

// maxLine is the longest line of an export that is read, in bytes.
const maxLine = 1 << 20

// purpose stands before what is signed, so that no signature of something else is taken for one of these.
const purpose = "holm audit checkpoint v1\n"

// keyPrefix stands before a public key as it is written.
const keyPrefix = "ed25519:"

// Checkpoint is how far an audit log had come.
type Checkpoint struct {
	Host string    `json:"host"`
	Time time.Time `json:"time"`
	Seq  uint64    `json:"seq"`  // of the last entry; 0 for none
	Head string    `json:"head"` // its hash
}

// Signed is a checkpoint that can be kept anywhere.
type Signed struct {
	Checkpoint Checkpoint `json:"checkpoint"`
	Key        string     `json:"key"`       // "ed25519:" and base64
	Signature  string     `json:"signature"` // base64
}

// Sign signs a checkpoint.
func Sign(key ed25519.PrivateKey, c Checkpoint) (Signed, error) {
	message, err := message(c)
	if err != nil {
		return Signed{}, err
	}
	return Signed{
		Checkpoint: c, Key: FormatKey(key.Public().(ed25519.PublicKey)), //nolint:forcetypeassert // what an ed25519 key has
		Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(key, message)),
	}, nil
}

func message(c Checkpoint) ([]byte, error) {
	c.Time = c.Time.UTC()
	content, err := json.Marshal(c)
	return append([]byte(purpose), content...), err
}

// FormatKey writes a public key for people and files.
func FormatKey(key ed25519.PublicKey) string {
	return keyPrefix + base64.StdEncoding.EncodeToString(key)
}

// ParseKey reads what FormatKey wrote.
func ParseKey(text string) (ed25519.PublicKey, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), keyPrefix)
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%.60q is no key: it is %q and 44 characters of base64", text, keyPrefix)
	}
	return key, nil
}

// Verify checks the signature. trusted is the key that it has to be by; nil takes the one that is named, which proves that
// nothing was altered by somebody without that key, and not whose it is.
func (s Signed) Verify(trusted ed25519.PublicKey) error {
	key, err := ParseKey(s.Key)
	if err != nil {
		return err
	}
	if trusted != nil && !trusted.Equal(key) {
		return fmt.Errorf("the checkpoint is signed by %s, and not by %s", s.Key, FormatKey(trusted))
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(s.Signature)
	if err != nil {
		return errors.New("the checkpoint has no signature that could be read")
	}
	message, err := message(s.Checkpoint)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, message, signature) {
		return errors.New("the checkpoint was altered: its signature does not hold")
	}
	return nil
}

// Parse reads a checkpoint. Unknown fields and what follows it are refused.
func Parse(content []byte) (s Signed, err error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return s, fmt.Errorf("that is no checkpoint: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return s, errors.New("something stands behind the checkpoint")
	}
	return s, nil
}

// Export writes the entries, one a line, and the checkpoint that seals them as the last line.
func Export(w io.Writer, entries []records.AuditEntry, sealed Signed) error {
	buffered := bufio.NewWriter(w)
	for _, entry := range entries {
		line, err := entry.Line()
		if err != nil {
			return err
		}
		if _, err := buffered.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	last, err := json.Marshal(sealed)
	if err != nil {
		return err
	}
	if _, err := buffered.Write(append(last, '\n')); err != nil {
		return err
	}
	return buffered.Flush()
}

// exactLines splits at line feeds alone, of which the last is the end: a carriage return is a byte like any other.
func exactLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errors.New("its last line has no end")
	}
	return 0, nil, nil
}

// Import checks an export from its first byte to its last, and returns its checkpoint. trusted is as for Verify.
func Import(r io.Reader, trusted ed25519.PublicKey) (Signed, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	lines.Split(exactLines)
	var chain records.Chain
	var last []byte
	for lines.Scan() {
		if last != nil {
			if _, err := chain.Next(last); err != nil {
				return Signed{}, err
			}
		}
		last = bytes.Clone(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		return Signed{}, fmt.Errorf("read the export: %w", err)
	}
	if last == nil {
		return Signed{}, errors.New("the export is empty")
	}
	sealed, err := Parse(last)
	if err != nil {
		return sealed, fmt.Errorf("the export does not end with a checkpoint, its end is missing: %w", err)
	}
	if exact, err := json.Marshal(sealed); err != nil || !bytes.Equal(exact, last) {
		return sealed, errors.New("the checkpoint is not as it was written")
	}
	if err := sealed.Verify(trusted); err != nil {
		return sealed, err
	}
	return sealed, agree(sealed.Checkpoint, chain.Seq(), chain.Head())
}

func agree(c Checkpoint, seq uint64, head string) error {
	if c.Seq != seq || c.Head != head {
		return fmt.Errorf("the checkpoint is of entry %d, and the log ends with %d: entries are missing or were rewritten", c.Seq, seq)
	}
	return nil
}

// Since checks that a log which has gone on still begins with what a checkpoint was made of.
func Since(c Checkpoint, entries []records.AuditEntry) error {
	if c.Seq == 0 {
		return nil
	}
	if uint64(len(entries)) < c.Seq {
		return agree(c, uint64(len(entries)), "")
	}
	if at := entries[c.Seq-1]; at.Hash != c.Head {
		return fmt.Errorf("entry %d is not what it was when the checkpoint was made: the log was rewritten", c.Seq)
	}
	return nil
}
