package luks

import (
	"bytes"
	"crypto/aes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/xts"
)

// The slots: one for as long as the volume lives, and one for a start.
const (
	ownSlot  = 0
	lentSlot = 1
)

// Where the entry of a slot lies in the header, and how long it is.
const (
	entriesAt  = 208
	entryBytes = 48
)

// Medium is where a header lies.
type Medium interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// ErrOtherKey is a passphrase that does not open a volume.
var ErrOtherKey = errors.New("the key that is on record does not open it")

// Lend has a second passphrase open a volume, beside the one with which its header at that place was made. What was lent before
// is overwritten by it. It does not wait for the disk: Revoke does.
func Lend(file Medium, at int64, passphrase, once []byte) error {
	if len(once) < minPassphrase {
		return errShort
	}
	h, err := read(file, at)
	if err != nil {
		return err
	}
	master, err := open(file, at, h, passphrase)
	if err != nil {
		return err
	}
	defer clear(master)
	entry := keySlot{Active: slotEnabled, Iterations: iterations, Offset: slotSector(lentSlot), Stripes: stripes}
	_, _ = rand.Read(entry.Salt[:]) // never fails
	material, err := seal(once, entry.Salt[:], master)
	if err != nil {
		return err
	}
	// The entry last: without its salt the material opens nothing.
	if _, err := file.WriteAt(material, at+materialAt(lentSlot)); err != nil {
		return fmt.Errorf("write a slot of a LUKS header: %w", err)
	}
	return writeEntry(file, at, lentSlot, entry)
}

// blank is the entry of a slot that is not in use.
func blank(slot int) keySlot {
	return keySlot{Active: slotDisabled, Offset: slotSector(slot), Stripes: stripes}
}

// Lent tells whether a passphrase of Lend may still open a volume whose header begins there.
func Lent(file io.ReaderAt, at int64) (bool, error) {
	if at < 0 || !Begins(file, at) {
		return false, nil
	}
	var want bytes.Buffer
	if err := binary.Write(&want, binary.BigEndian, blank(lentSlot)); err != nil {
		return false, err
	}
	have := make([]byte, entryBytes)
	if _, err := file.ReadAt(have, at+entryAt(lentSlot)); err != nil {
		return false, fmt.Errorf("read a slot of a LUKS header: %w", err)
	}
	return !bytes.Equal(have, want.Bytes()), nil
}

// Revoke has the passphrase of Lend open the volume no more: its material and its salt are overwritten, on the disk when Revoke
// returns. It needs no key, and can be done while QEMU has the volume open, which reads slots only when it opens one. It writes
// only when something was lent.
func Revoke(file Medium, at int64) error {
	if was, err := Lent(file, at); !was || err != nil {
		return err
	}
	// The entry last here too: as long as it is there, a Revoke that was cut short is done again.
	if _, err := file.WriteAt(make([]byte, materialBytes), at+materialAt(lentSlot)); err != nil {
		return fmt.Errorf("overwrite a slot of a LUKS header: %w", err)
	}
	if err := writeEntry(file, at, lentSlot, blank(lentSlot)); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("overwrite a slot of a LUKS header: %w", err)
	}
	return nil
}

func entryAt(slot int) int64    { return int64(entriesAt + slot*entryBytes) }
func materialAt(slot int) int64 { return int64(slotStart + slot*slotBytes) }

// writeEntry writes 48 bytes within one sector, which reach the disk together or not at all.
func writeEntry(file io.WriterAt, at int64, slot int, entry keySlot) error {
	var text bytes.Buffer
	if err := binary.Write(&text, binary.BigEndian, entry); err != nil {
		return err
	}
	if _, err := file.WriteAt(text.Bytes(), at+entryAt(slot)); err != nil {
		return fmt.Errorf("write a slot of a LUKS header: %w", err)
	}
	return nil
}

// open returns what encrypts the volume, if the passphrase is that of its own slot.
func open(file io.ReaderAt, at int64, h phdr, passphrase []byte) ([]byte, error) {
	slot := h.Slots[ownSlot]
	if slot.Active != slotEnabled {
		return nil, ErrOtherKey
	}
	material := make([]byte, materialBytes)
	if _, err := file.ReadAt(material, at+materialAt(ownSlot)); err != nil {
		return nil, fmt.Errorf("read a slot of a LUKS header: %w", err)
	}
	key, err := pbkdf2.Key(sha256.New, string(passphrase), slot.Salt[:], int(slot.Iterations), masterBytes)
	if err != nil {
		return nil, err
	}
	cipher, err := xts.NewCipher(aes.NewCipher, key)
	if err != nil {
		return nil, err
	}
	for from := 0; from < len(material); from += sector {
		cipher.Decrypt(material[from:from+sector], material[from:from+sector], uint64(from/sector)) // #nosec G115 -- not negative
	}
	master := merge(material)
	digest, err := pbkdf2.Key(sha256.New, string(master), h.DigestSalt[:], int(h.DigestIter), digestBytes)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(digest, h.Digest[:]) != 1 {
		return nil, ErrOtherKey
	}
	return master, nil
}

// merge is the format's AFmerge: what split has made of a key becomes that again.
func merge(material []byte) []byte {
	d := make([]byte, masterBytes)
	last := len(material) - masterBytes
	for at := 0; at < last; at += masterBytes {
		xor(d, d, material[at:at+masterBytes])
		diffuse(d)
	}
	xor(d, d, material[last:])
	return d
}
