// Package ledger lets the audit log be judged elsewhere. A checkpoint says how far the log had come and what it hashed to
// then, signed by the host's own key: whoever keeps one finds out when the log was cut or rewritten since, and whoever has
// an export can check it without the host.
package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

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
