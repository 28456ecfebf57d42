package luks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The most rounds of a derivation that are computed for a header: it lies where the volume's QEMU can write.
const maxIterations = 100_000

var magic = [6]byte{'L', 'U', 'K', 'S', 0xba, 0xbe}

// Begins tells whether a header begins there, whatever else it says.
func Begins(file io.ReaderAt, at int64) bool {
	begin := make([]byte, len(magic))
	_, err := file.ReadAt(begin, at)
	return err == nil && bytes.Equal(begin, magic[:])
}

// errHeader is what is wrong with a header that is none of Header's.
var errHeader = errors.New("its LUKS header is not as holm writes it")

// read returns the header that begins there. One that is laid out in another way than Header does it is refused: nothing that
// it says decides where is written, or for how long is computed.
func read(file io.ReaderAt, at int64) (h phdr, err error) {
	if at < 0 {
		return h, errHeader
	}
	text := make([]byte, binary.Size(h))
	if _, err := file.ReadAt(text, at); err != nil {
		return h, fmt.Errorf("read a LUKS header: %w", err)
	}
	if err := binary.Read(bytes.NewReader(text), binary.BigEndian, &h); err != nil {
		return h, fmt.Errorf("read a LUKS header: %w", err)
	}
	return h, h.check()
}

func (h phdr) check() error {
	switch {
	case h.Magic != magic, h.Version != 1, h.KeyBytes != masterBytes, h.PayloadOffset != HeaderBytes/sector:
		return errHeader
	case word(h.CipherName[:]) != cipherName, word(h.CipherMode[:]) != cipherMode, word(h.HashSpec[:]) != hashName:
		return errHeader
	case h.DigestIter < iterations, h.DigestIter > maxIterations:
		return errHeader
	}
	for i, s := range h.Slots {
		if s.Offset != slotSector(i) || s.Stripes != stripes || s.Active != slotEnabled && s.Active != slotDisabled {
			return errHeader
		}
		if s.Active == slotEnabled && (s.Iterations < iterations || s.Iterations > maxIterations) {
			return errHeader
		}
	}
	return nil
}

// word is a text that is filled up with zeros; what is no such text is no word of anybody's.
func word(field []byte) string {
	text, rest, _ := bytes.Cut(field, []byte{0})
	if len(bytes.Trim(rest, "\x00")) > 0 {
		return ""
	}
	return string(text)
}

// slotSector is where the material of a slot lies, in sectors from the header's beginning.
func slotSector(i int) uint32 { return uint32(slotStart+i*slotBytes) / sector } // #nosec G115 -- below 4 MiB
