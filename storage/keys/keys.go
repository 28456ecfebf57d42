// Package keys wraps keys in keys: that of a volume in its tenant's, a tenant's in the host's, and the host's in a
// passphrase when the operator wants that. What it returns for storing is sealed (AES-256-GCM) and bound to its purpose
// and to its owner: sealed for one, it does not open for another.
package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"holm/internal/fault"
)

// Size of every key, in bytes.
const Size = 32

// Key is a secret. It prints as nothing that helps anybody; its bytes are given out by name only.
type Key struct{ secret [Size]byte }

// New returns a random key.
func New() Key {
	var k Key
	_, _ = rand.Read(k.secret[:]) // never fails
	return k
}

// Of makes a key of its bytes; a fault when they are not Size of them.
func Of(secret []byte, what string) (Key, error) {
	var k Key
	if len(secret) != Size {
		return k, fault.New(fault.Failure, "", "%s has %d bytes, and a key has %d", what, len(secret), Size)
	}
	copy(k.secret[:], secret)
	return k, nil
}

// ID names a key and gives nothing of it away: 16 hexadecimal digits of a hash of a random 256-bit number.
func (k Key) ID() string {
	sum := sha256.Sum256(append([]byte("holm key id\x00"), k.secret[:]...))
	return hex.EncodeToString(sum[:8])
}

// Passphrase is the key as QEMU opens LUKS with it, which takes valid UTF-8 alone: 64 hexadecimal digits.
func (k Key) Passphrase() []byte { return hex.AppendEncode(nil, k.secret[:]) }

// String keeps a key out of what formats it.
func (k Key) String() string { return "key " + k.ID() }

// Format does so whatever the verb, %x and %#v too.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// MarshalText keeps it out of records: a key is stored sealed or not at all.
func (k Key) MarshalText() ([]byte, error) {
	return nil, errors.New("a key is not written down unsealed")
}

// Purpose is what a sealed key is for.
type Purpose string

// The purposes of sealed keys.
const (
	Volume Purpose = "volume" // the owner is an instance id; sealed by its tenant's key
	Tenant Purpose = "tenant" // the owner is the tenant's name; sealed by the host's key
	Host   Purpose = "host"   // sealed by what a passphrase gives
)

// Sealed is a key as it may be stored.
type Sealed struct {
	ID  string `json:"id"`            // of the key inside
	By  string `json:"by"`            // of the key that opens it
	Box []byte `json:"box,omitempty"` // nonce, ciphertext, tag; none once the key was destroyed
}

// Destroyed is what stays of a sealed key that nobody is to open again.
func (s Sealed) Destroyed() Sealed { return Sealed{ID: s.ID, By: s.By} }

// Seal wraps a key so that only k opens it, for this purpose and this owner.
func (k Key) Seal(inner Key, purpose Purpose, owner string) (Sealed, error) {
	aead, err := k.aead()
	if err != nil {
		return Sealed{}, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return Sealed{ID: inner.ID(), By: k.ID(), Box: aead.Seal(nonce, nonce, inner.secret[:], bound(purpose, owner))}, nil
}

// Open unwraps. Its faults say which of the things that can be wrong is.
func (k Key) Open(s Sealed, purpose Purpose, owner string) (Key, error) {
	what := fmt.Sprintf("the key of %s %q", purpose, owner)
	if len(s.Box) == 0 {
		return Key{}, fault.New(fault.KeyDestroyed, "finish the removal: what it encrypted cannot be read any more", "%s was destroyed", what)
	}
	if s.By != k.ID() {
		return Key{}, fault.New(fault.KeyMismatch, "put back the key that sealed it; what needs no key still works: see docs/KEYS.md",
			"%s was sealed by key %.16q, and the one at hand is %s", what, s.By, k.ID())
	}
	aead, err := k.aead()
	if err != nil {
		return Key{}, err
	}
	if want := aead.NonceSize() + Size + aead.Overhead(); len(s.Box) != want {
		return Key{}, fault.New(fault.Failure, damaged, "%s is sealed in %d bytes instead of %d", what, len(s.Box), want)
	}
	nonce, box := s.Box[:aead.NonceSize()], s.Box[aead.NonceSize():]
	secret, err := aead.Open(nil, nonce, box, bound(purpose, owner))
	if err != nil {
		return Key{}, fault.New(fault.Failure, damaged, "%s is damaged, or was sealed for somebody else", what)
	}
	inner, err := Of(secret, what)
	if err == nil && inner.ID() != s.ID {
		return Key{}, fault.New(fault.Failure, damaged, "%s is not the key %.16q that it is said to be", what, s.ID)
	}
	return inner, err
}

const damaged = "put back the records from a backup; instances of other keys still start"

func (k Key) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.secret[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// bound is what a sealed key is tied to.
func bound(purpose Purpose, owner string) []byte {
	return []byte("holm key 1\x00" + string(purpose) + "\x00" + owner)
}
