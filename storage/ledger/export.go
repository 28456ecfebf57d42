package ledger

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"holm/storage/records"
)

// maxLine is the longest line of an export that is read, in bytes.
const maxLine = 1 << 20

// beginning is the first line of an export that does not begin with the first entry. What it says is in the first entry too.
type beginning struct {
	After records.Mark `json:"after"`
}

// beginningPrefix tells such a line from an entry.
const beginningPrefix = `{"after":`

// errEnough ends a visit of entries.
var errEnough = errors.New("enough")

// Export writes the entries up to a checkpoint, one a line, and the checkpoint that seals them as the last line. Of a log whose
// first entries are archived, the first line says behind which entry it begins.
func Export(w io.Writer, log records.WholeLog, sealed Signed) error {
	lines := bufio.NewWriter(w)
	end := log.Base.Mark
	if end.Seq > 0 {
		if err := writeLine(lines, beginning{end}); err != nil {
			return err
		}
	}
	err := log.Each(func(entry records.AuditEntry) error {
		if entry.Seq > sealed.Checkpoint.Seq {
			return errEnough
		}
		end = records.Mark{Seq: entry.Seq, Head: entry.Hash}
		line, err := entry.Line()
		if err != nil {
			return err
		}
		_, err = lines.Write(append(line, '\n'))
		return err
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if err := agree(sealed.Checkpoint, end); err != nil {
		return err
	}
	if err := writeLine(lines, sealed); err != nil {
		return err
	}
	return lines.Flush()
}

func writeLine(w io.Writer, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// Part is an export that was checked: the entries behind After, up to its checkpoint.
type Part struct {
	Signed
	After records.Mark
}

// Follows checks that a part begins where another one ends.
func (p Part) Follows(before Part) error {
	switch c := before.Checkpoint; {
	case p.After != records.Mark{Seq: c.Seq, Head: c.Head}:
		return fmt.Errorf("it begins with entry %d and does not go on where the file before ends, with %d: name them in order, and all of them",
			p.After.Seq+1, c.Seq)
	case p.Key != before.Key:
		return fmt.Errorf("it is signed by %s, and the file before by %s", p.Key, before.Key)
	}
	return nil
}

// Import checks an export from its first byte to its last. trusted is as for Verify. hear is told each entry before the end is known
// to hold; nil is nobody.
func Import(r io.Reader, trusted ed25519.PublicKey, hear func(records.AuditEntry)) (Part, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	lines.Split(exactLines)
	in := importer{hear: hear}
	var last []byte
	for lines.Scan() {
		if last != nil {
			if err := in.take(last); err != nil {
				return Part{}, err
			}
		}
		last = bytes.Clone(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		return Part{}, fmt.Errorf("read the export: %w", err)
	}
	if last == nil {
		return Part{}, errors.New("the export is empty")
	}
	sealed, err := Parse(last)
	part := Part{sealed, in.after}
	if err != nil {
		return part, fmt.Errorf("the export does not end with a checkpoint, its end is missing: %w", err)
	}
	if exact, err := json.Marshal(sealed); err != nil || !bytes.Equal(exact, last) {
		return part, errors.New("the checkpoint is not as it was written")
	}
	if err := sealed.Verify(trusted); err != nil {
		return part, err
	}
	return part, agree(sealed.Checkpoint, in.chain.Mark())
}

// importer takes the lines of an export but the last.
type importer struct {
	after records.Mark
	chain records.Chain
	hear  func(records.AuditEntry)
}

func (in *importer) take(line []byte) (err error) {
	if (in.chain.Mark() == records.Mark{}) && bytes.HasPrefix(line, []byte(beginningPrefix)) {
		if in.after, err = parseBeginning(line); err != nil {
			return err
		}
		in.chain = records.ChainAfter(in.after)
		return nil
	}
	entry, err := in.chain.Next(line)
	if err == nil && in.hear != nil {
		in.hear(entry)
	}
	return err
}

func parseBeginning(line []byte) (records.Mark, error) {
	var b beginning
	err := json.Unmarshal(line, &b)
	if err != nil || b.After.Seq == 0 || b.After.Head == "" {
		return records.Mark{}, errors.New("its first line does not say where it begins")
	}
	if exact, err := json.Marshal(b); err != nil || !bytes.Equal(exact, line) {
		return records.Mark{}, errors.New("its first line is not as it was written")
	}
	return b.After, nil
}

// exactLines splits at line feeds alone, of which the last is the end: a carriage return is a byte like any other.
func exactLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errors.New("its last line has no end")
	}
	return 0, nil, nil
}

func agree(c Checkpoint, end records.Mark) error {
	if c.Seq != end.Seq || c.Head != end.Head {
		return fmt.Errorf("the checkpoint is of entry %d, and the log ends with %d: entries are missing or were rewritten", c.Seq, end.Seq)
	}
	return nil
}
