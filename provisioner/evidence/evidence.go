// Package evidence is what an auditor gets of an instance: a statement of what it is made of, how it is confined and where it
// lies, in the form of in-toto, signed by the host's key in a DSSE envelope. Checking it needs no host. Sources: in-toto
// Statement v1, DSSE v1.0.
package evidence

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
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"holm/provisioner/model"
	"holm/provisioner/verify"
	"holm/storage/ledger"
	"holm/storage/pools"
)

// The types of what is signed.
const (
	PayloadType   = "application/vnd.in-toto+json"
	StatementType = "https://in-toto.io/Statement/v1"
	PredicateType = "https://holm.invalid/evidence/v1"
)

// MaxBytes is the longest file of evidence that is read.
const MaxBytes = 16 << 20

// Statement is what is said of an instance.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     Predicate `json:"predicate"`
}

// Subject is what the statement is about.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// Predicate is what was seen, when, and by whom. What only the guest could say is a claim of the guest's.
type Predicate struct {
	MadeAt   time.Time      `json:"made_at"`
	Version  string         `json:"holm_version"`
	Host     Host           `json:"host"`
	Instance model.Instance `json:"instance"`
	Tenant   model.Tenant   `json:"tenant"`
	Image    Image          `json:"image"`
	// DomainXML is what libvirt says of the running machine, word for word; NetworkXML what holm asked of its network.
	DomainXML  string `json:"domain_xml"`
	NetworkXML string `json:"network_xml"`
	// Rules are what the kernel had of the network's rules.
	Rules Rules `json:"network_rules"`
	// Encryption of the state volume: the cipher, and the names of the keys that open it; "none" for one from before there were keys.
	Encryption string `json:"encryption"`
	// Volume is what the state volume takes, and Pool what is under it; nil is the state directory, of which nothing is demanded.
	VolumeBytes int64       `json:"volume_bytes"`
	Pool        *model.Pool `json:"pool,omitempty"`
	Under       *pools.Tree `json:"under,omitempty"`
	// Verified is what came of every promise, tried for this statement: how QEMU is confined, what the network lets through.
	Verified verify.Verdict `json:"verified"`
	// Audit is how far the log of changes had come.
	Audit ledger.Checkpoint `json:"audit"`
	// Limits are what this does not prove.
	Limits []string `json:"limits"`
}

// Rules are a network's in the kernel, without what they count: the digest is of each table and its lines as nft lists them.
type Rules struct {
	SHA256 string `json:"sha256,omitempty"` // "" when there are none
	Lines  int    `json:"lines"`
	// AsRecorded: they are those that the records ask for, each of them and no others.
	AsRecorded bool `json:"as_recorded"`
}

// Host is where the instance runs. Site and jurisdiction are the operator's word.
type Host struct {
	Name         string `json:"name"`
	Site         string `json:"site,omitempty"`
	Jurisdiction string `json:"jurisdiction,omitempty"`
	LabMode      bool   `json:"lab_mode"`
}

// Image is what the instance boots from, by digest.
type Image struct {
	Name     string `json:"name"`
	Digest   string `json:"digest"`
	Kernel   string `json:"kernel_sha256"`
	Version  string `json:"kernel_version"`
	Initrd   string `json:"initrd_sha256"`
	Root     string `json:"root_sha256"`
	RootHash string `json:"root_hash"`
	Unlocked bool   `json:"unlocked"`
}

// Limits are said in every statement.
func Limits() []string {
	return []string{
		"site and jurisdiction are labels that the operator gave; no software can prove where a machine stands",
		"checks of the side guest are what the guest says of itself, a claim; the network side shows how the guest showed itself to this host; " +
			"those of the side host are the host's own",
		"whoever is root on the host can make any statement; compare the audit checkpoint with one that was kept elsewhere",
	}
}

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
	if err := strictly(payload, &s); err != nil {
		return s, key, fmt.Errorf("what is signed is no statement: %w", err)
	}
	if s.Type != StatementType || s.PredicateType != PredicateType {
		return s, key, fmt.Errorf("it states something of the type %.80q, and not %q", s.PredicateType, PredicateType)
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
