package records

import (
	"bytes"
	"fmt"
)

// Chain follows the audit log, entry by entry, as it is stored or as it was exported. Its zero value stands before the first.
type Chain struct {
	seq  uint64
	head string
}

// ChainAfter stands behind an entry of which somebody else knows.
func ChainAfter(m Mark) Chain { return Chain{seq: m.Seq, head: m.Head} }

// Mark is where it stands.
func (c *Chain) Mark() Mark { return Mark{Seq: c.seq, Head: c.head} }

// Seq is the number of the entry that was taken last; 0 before the first.
func (c *Chain) Seq() uint64 { return c.seq }

// Head is the hash of the entry that was taken last; "" before the first.
func (c *Chain) Head() string { return c.head }

// Next takes the next entry, byte by byte as it was sealed. An error names the first thing that does not agree.
func (c *Chain) Next(line []byte) (AuditEntry, error) {
	seq := c.seq + 1
	entry, err := decode[AuditEntry](line)
	if err != nil {
		return entry, fmt.Errorf("audit entry %d cannot be read: %w", seq, err)
	}
	resealed := entry
	expected, err := seal(&resealed)
	switch {
	case err != nil:
		return entry, err
	case entry.Seq != seq:
		return entry, fmt.Errorf("audit entry %d is missing or out of its place", seq)
	case entry.Prev != c.head:
		return entry, fmt.Errorf("audit entry %d does not follow the one before it", seq)
	case !bytes.Equal(line, expected):
		return entry, fmt.Errorf("audit entry %d was altered", seq)
	}
	c.seq, c.head = seq, entry.Hash
	return entry, nil
}

// Line is an entry as it is stored and exported.
func (e AuditEntry) Line() ([]byte, error) { return encode(e) }
