// Package evidence is what an auditor gets of an instance: a statement of what it is made of, how it is confined and where it
// lies, in the form of in-toto, signed by the host's key in a DSSE envelope. Checking it needs no host. Sources: in-toto
// Statement v1, DSSE v1.0.
package evidence

//go:generate go test . -run TestTheSchemaIsThatOfThePredicate -update

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"holm/storage/ledger"
)

// The types of what is signed. PredicateType names the version of Predicate and of all that stands in it.
const (
	PayloadType   = "application/vnd.in-toto+json"
	StatementType = "https://in-toto.io/Statement/v1"
	PredicateType = "https://holm.invalid/evidence/v1"
)

// MaxBytes is the longest file of evidence that is read.
const MaxBytes = 16 << 20

// signer signs with a key of ledger's, and names it as ledger does.
type signer struct{ private ed25519.PrivateKey }

func (s signer) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(s.private, data), nil
}

func (s signer) KeyID() (string, error) {
	return ledger.FormatKey(s.private.Public().(ed25519.PublicKey)), nil //nolint:forcetypeassert // what an ed25519 key has
}

// verifier accepts signatures by one key.
type verifier struct{ public ed25519.PublicKey }

func (v verifier) Verify(_ context.Context, data, signature []byte) error {
	if !ed25519.Verify(v.public, data, signature) {
		return errors.New("the signature does not hold")
	}
	return nil
}

func (v verifier) KeyID() (string, error)   { return ledger.FormatKey(v.public), nil }
func (v verifier) Public() crypto.PublicKey { return v.public }

// Seal signs a statement and returns the file.
func Seal(ctx context.Context, key ed25519.PrivateKey, s Statement) ([]byte, error) {
	payload, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	envelope, err := dsse.NewEnvelopeSigner(signer{key})
	if err != nil {
		return nil, err
	}
	sealed, err := envelope.SignPayload(ctx, PayloadType, payload)
	if err != nil {
		return nil, err
	}
	content, err := json.MarshalIndent(sealed, "", "  ")
	return append(content, '\n'), err
}

// Open checks a file, from its first byte to its last, and returns what it states and whose key signed it. trusted is the
// key that it has to be; nil takes the one that is named, which proves that nothing was altered by somebody without it.
func Open(ctx context.Context, r io.Reader, trusted ed25519.PublicKey) (s Statement, key string, err error) {
	content, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return s, "", err
	}
	if len(content) > MaxBytes {
		return s, "", fmt.Errorf("it is longer than %d MiB", MaxBytes>>20)
	}
	var envelope dsse.Envelope
	if err := strictly(content, &envelope); err != nil {
		return s, "", fmt.Errorf("it is no DSSE envelope: %w", err)
	}
	if len(envelope.Signatures) != 1 || envelope.PayloadType != PayloadType {
		return s, "", fmt.Errorf("it is not one statement of in-toto with one signature")
	}
	key = envelope.Signatures[0].KeyID
	public, err := ledger.ParseKey(key)
	if err != nil {
		return s, "", err
	}
	if trusted != nil && !trusted.Equal(public) {
		return s, key, fmt.Errorf("it is signed by %s, and not by %s", key, ledger.FormatKey(trusted))
	}
	check, err := dsse.NewEnvelopeVerifier(verifier{public})
	if err != nil {
		return s, key, err
	}
	_, payload, err := check.VerifyAndDecode(ctx, &envelope)
	if err != nil {
		return s, key, fmt.Errorf("it was altered: %w", err)
	}
	if s, err = read(payload); err != nil {
		return s, key, err
	}
	// The envelope itself is not signed: what is not as it was written was changed by somebody.
	// Base64 has several ways to write the same.
	signature, err := base64.StdEncoding.Strict().DecodeString(envelope.Signatures[0].Sig)
	if err != nil {
		return s, key, errors.New("the signature is not as it was written")
	}
	exact, err := written(payload, key, signature)
	if err != nil || !bytes.Equal(exact, content) {
		return s, key, errors.New("the envelope is not as it was written")
	}
	return s, key, nil
}

// read reads a statement. Which predicate it is comes first: another version has other fields.
func read(payload []byte) (s Statement, err error) {
	var what struct {
		Type          string `json:"_type"`
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(payload, &what); err != nil {
		return s, fmt.Errorf("what is signed is no statement: %w", err)
	}
	if what.Type != StatementType || what.PredicateType != PredicateType {
		return s, fmt.Errorf("it states something of the type %.80q, and not %q", what.PredicateType, PredicateType)
	}
	if err := strictly(payload, &s); err != nil {
		return s, fmt.Errorf("what is signed is no statement: %w", err)
	}
	return s, nil
}

// written is a file as Seal writes it.
func written(payload []byte, key string, signature []byte) ([]byte, error) {
	content, err := json.MarshalIndent(dsse.Envelope{
		PayloadType: PayloadType, Payload: base64.StdEncoding.EncodeToString(payload),
		Signatures: []dsse.Signature{{KeyID: key, Sig: base64.StdEncoding.EncodeToString(signature)}},
	}, "", "  ")
	return append(content, '\n'), err
}

// strictly reads one JSON value, with no field that is not known and nothing behind it.
func strictly(content []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind it")
	}
	return nil
}
