//go:build e2e

package e2e

import (
	"bytes"
	"crypto/aes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"golang.org/x/crypto/xts"
)

// luksHeader is what is read of a LUKS 1 header, by its published form: it knows nothing of holm's own code for it.
type luksHeader struct {
	Magic              [6]byte
	Version            uint16
	Cipher, Mode, Hash [32]byte
	Payload, KeyBytes  uint32
	Digest             [20]byte
	DigestSalt         [32]byte
	DigestIter         uint32
	UUID               [40]byte
	Slots              [8]luksSlot
}

type luksSlot struct {
	Active, Iterations uint32
	Salt               [32]byte
	Offset, Stripes    uint32
}

const (
	luksActive    = 0x00ac71f3
	luksSector    = 512
	qcow2LUKS     = 0x0537be77 // the header extension that says where it lies
	qcow2Extended = 100        // where the length of a qcow2 header stands
)

// opens returns those of the passphrases that open a volume, by any of its slots. A hundred take a second, with qemu-io twenty.
func opens(t *testing.T, volume string, passphrases []string) (found []string) {
	t.Helper()
	file, err := os.Open(volume)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	at, err := luksAt(file)
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 1024)
	var h luksHeader
	if _, err := file.ReadAt(head, at); err != nil {
		t.Fatal(err)
	}
	if err := binary.Read(bytes.NewReader(head), binary.BigEndian, &h); err != nil || string(h.Magic[:4]) != "LUKS" {
		t.Fatalf("there is no header: %v", err)
	}
	for _, slot := range h.Slots {
		if slot.Active != luksActive {
			continue
		}
		material := make([]byte, h.KeyBytes*slot.Stripes)
		if _, err := file.ReadAt(material, at+int64(slot.Offset)*luksSector); err != nil {
			t.Fatal(err)
		}
		for _, p := range passphrases {
			if slot.opens(h, material, p) {
				found = append(found, p)
			}
		}
	}
	return found
}

// luksAt finds the header in a qcow2 file.
func luksAt(file *os.File) (int64, error) {
	head := make([]byte, 4096)
	if _, err := file.ReadAt(head, 0); err != nil {
		return 0, err
	}
	for at := binary.BigEndian.Uint32(head[qcow2Extended:]); at+24 < uint32(len(head)); {
		kind, length := binary.BigEndian.Uint32(head[at:]), binary.BigEndian.Uint32(head[at+4:])
		if kind == qcow2LUKS {
			return int64(binary.BigEndian.Uint64(head[at+8:])), nil
		}
		if kind == 0 {
			break
		}
		at += 8 + (length+7)/8*8
	}
	return 0, errors.New("the volume is not encrypted")
}

func (s luksSlot) opens(h luksHeader, sealed []byte, passphrase string) bool {
	key, err := pbkdf2.Key(sha256.New, passphrase, s.Salt[:], int(s.Iterations), int(h.KeyBytes))
	if err != nil {
		return false
	}
	cipher, err := xts.NewCipher(aes.NewCipher, key)
	if err != nil {
		return false
	}
	material := make([]byte, len(sealed))
	for from := 0; from < len(sealed); from += luksSector {
		cipher.Decrypt(material[from:from+luksSector], sealed[from:from+luksSector], uint64(from/luksSector))
	}
	master, n := make([]byte, h.KeyBytes), int(h.KeyBytes)
	for at := 0; at < len(material); at += n {
		for i := range master {
			master[i] ^= material[at+i]
		}
		if at+n < len(material) {
			for i := 0; i < n; i += sha256.Size {
				sum := sha256.Sum256(append(binary.BigEndian.AppendUint32(nil, uint32(i/sha256.Size)), master[i:i+sha256.Size]...))
				copy(master[i:], sum[:])
			}
		}
	}
	digest, err := pbkdf2.Key(sha256.New, string(master), h.DigestSalt[:], int(h.DigestIter), len(h.Digest))
	return err == nil && bytes.Equal(digest, h.Digest[:])
}
