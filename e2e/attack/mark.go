package attack

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Run is what all marks of one run of the table begin with. It is random: what another run sent does not count.
type Run [8]byte

// MarkSize is the number of bytes of a mark: the run, and which attack of it.
const MarkSize = len(Run{}) + 8

// Mark is what the frames of one attack carry.
func (r Run) Mark(attack uint64) []byte {
	return binary.BigEndian.AppendUint64(r[:], attack)
}

// Find tells which attack some bytes belong to.
func (r Run) Find(data []byte) (attack uint64, found bool) {
	at := bytes.Index(data, r[:])
	if at < 0 || len(data) < at+MarkSize {
		return 0, false
	}
	return binary.BigEndian.Uint64(data[at+len(r):]), true
}

func (r Run) String() string { return hex.EncodeToString(r[:]) }

// ParseRun reads what String writes.
func ParseRun(text string) (Run, error) {
	var r Run
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(r) {
		return r, fmt.Errorf("%.40q is no run: write %d hexadecimal digits", text, 2*len(r))
	}
	return Run(raw), nil
}
