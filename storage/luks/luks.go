// Package luks writes the header of an encrypted volume: LUKS version 1 with aes-256-xts, as QEMU opens it. QEMU can write
// one itself, and first measures for some four seconds how slowly it should derive the key, which is for words that people
// remember. The keys here are 256 random bits, and no slower derivation makes those harder to guess.
//
// The format is that of the LUKS On-Disk Format Specification, version 1.2.3.
package luks

import (
	"bytes"
	"crypto/aes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/crypto/xts"
)

// Cipher is what encrypts the volume.
const Cipher = "aes-256-xts-plain64"

// The sizes of a header, in bytes.
const (
	// HeaderBytes is where what is encrypted begins.
	HeaderBytes = 4 << 20
	sector      = 512
	slotStart   = 4096
	masterBytes = 64 // two keys of AES-256
	stripes     = 4000
	slotBytes   = 256 << 10 // materialBytes, to the next 4 KiB and beyond
	slots       = 8
	saltBytes   = 32
	digestBytes = 20

	materialBytes = masterBytes * stripes
)

// How it is encrypted, in the format's words.
const (
	cipherName = "aes"
	cipherMode = "xts-plain64"
	hashName   = "sha256"
)

// minPassphrase is the shortest text that is taken for a random key, in bytes.
const minPassphrase = 32

var errShort = errors.New("a passphrase of fewer than 32 bytes is no random key")

// iterations is the fewest that the format's readers take.
const iterations = 1000

// What a slot says of itself.
const (
	slotEnabled  = 0x00AC71F3
	slotDisabled = 0x0000DEAD
)

type phdr struct {
	Magic         [6]byte
	Version       uint16
	CipherName    [32]byte
	CipherMode    [32]byte
	HashSpec      [32]byte
	PayloadOffset uint32 // sectors
	KeyBytes      uint32
	Digest        [digestBytes]byte
	DigestSalt    [saltBytes]byte
	DigestIter    uint32
	UUID          [40]byte
	Slots         [slots]keySlot
}

type keySlot struct {
	Active     uint32
	Iterations uint32
	Salt       [saltBytes]byte
	Offset     uint32 // sectors
	Stripes    uint32
}

// Header returns the first HeaderBytes of a volume that this passphrase opens, with a new random key to encrypt it, and
// behind them so many bytes of what is encrypted, a multiple of 512, that read as zeros. Two calls never return the same.
func Header(passphrase []byte, blank int) ([]byte, error) {
	if len(passphrase) < minPassphrase {
		return nil, errShort
	}
	var master [masterBytes]byte
	var digestSalt, slotSalt [saltBytes]byte
	for _, b := range [][]byte{master[:], digestSalt[:], slotSalt[:]} {
		_, _ = rand.Read(b) // never fails
	}
	h := phdr{
		Magic: magic, Version: 1, PayloadOffset: HeaderBytes / sector, KeyBytes: masterBytes,
		DigestSalt: digestSalt, DigestIter: iterations,
	}
	copy(h.CipherName[:], cipherName)
	copy(h.CipherMode[:], cipherMode)
	copy(h.HashSpec[:], hashName)
	copy(h.UUID[:], uuid.NewString())
	digest, err := pbkdf2.Key(sha256.New, string(master[:]), digestSalt[:], iterations, digestBytes)
	if err != nil {
		return nil, err
	}
	copy(h.Digest[:], digest)
	for i := range h.Slots {
		h.Slots[i] = keySlot{Active: slotDisabled, Offset: slotSector(i), Stripes: stripes}
	}
	h.Slots[ownSlot].Active, h.Slots[ownSlot].Iterations, h.Slots[ownSlot].Salt = slotEnabled, iterations, slotSalt

	material, err := seal(passphrase, slotSalt[:], master[:])
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := binary.Write(&text, binary.BigEndian, h); err != nil {
		return nil, fmt.Errorf("write a LUKS header: %w", err)
	}
	header := make([]byte, HeaderBytes+blank)
	copy(header, text.Bytes())
	copy(header[slotStart:], material)
	cipher, err := xts.NewCipher(aes.NewCipher, master[:])
	if err != nil {
		return nil, err
	}
	for at := 0; at < blank; at += sector {
		part := header[HeaderBytes+at : HeaderBytes+at+sector]
		cipher.Encrypt(part, part, uint64(at/sector)) // #nosec G115 -- not negative
	}
	return header, nil
}

// seal spreads the master key over many sectors, all of which are needed to have it back, and encrypts them.
func seal(passphrase, salt, master []byte) ([]byte, error) {
	key, err := pbkdf2.Key(sha256.New, string(passphrase), salt, iterations, masterBytes)
	if err != nil {
		return nil, err
	}
	cipher, err := xts.NewCipher(aes.NewCipher, key)
	if err != nil {
		return nil, err
	}
	material := split(master)
	for at := 0; at < len(material); at += sector {
		cipher.Encrypt(material[at:at+sector], material[at:at+sector], uint64(at/sector)) // #nosec G115 -- not negative
	}
	return material, nil
}

// split is the format's AFsplit: random stripes, and a last one that makes all of them together the key.
func split(key []byte) []byte {
	material := make([]byte, len(key)*stripes)
	last := material[len(key)*(stripes-1):]
	_, _ = rand.Read(material[:len(material)-len(key)]) // never fails
	d := make([]byte, len(key))
	for at := 0; at < len(material)-len(key); at += len(key) {
		xor(d, d, material[at:at+len(key)])
		diffuse(d)
	}
	xor(last, d, key)
	return material
}

// diffuse replaces each block of a hash's length with the hash of its number and itself.
func diffuse(d []byte) {
	for i := 0; i*sha256.Size < len(d); i++ {
		block := d[i*sha256.Size : min((i+1)*sha256.Size, len(d))]
		sum := sha256.Sum256(append(binary.BigEndian.AppendUint32(nil, uint32(i)), block...)) // #nosec G115 -- 0 or 1
		copy(block, sum[:])
	}
}

func xor(into, a, b []byte) {
	for i := range into {
		into[i] = a[i] ^ b[i]
	}
}
