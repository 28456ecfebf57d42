package ledger

import (
	"errors"
	"fmt"

	"holm/storage/records"
)

// ErrArchived means that a checkpoint is of an entry that is in an archive, and not in this part of the log.
var ErrArchived = errors.New("in an archive")

// Since checks that a log which has gone on still has what a checkpoint was made of. The log begins behind one entry and ends with
// another; found is the hash that the entry of the checkpoint has in it now.
func Since(kept Checkpoint, after, end records.Mark, found string) error {
	switch {
	case kept.Seq == 0:
		return nil
	case kept.Seq < after.Seq:
		return fmt.Errorf("the checkpoint is of entry %d, and this begins with entry %d: those before are %w", kept.Seq, after.Seq+1, ErrArchived)
	case kept.Seq == after.Seq:
		found = after.Head
	case kept.Seq > end.Seq:
		return agree(kept, end)
	}
	if found != kept.Head {
		return fmt.Errorf("entry %d is not what it was when the checkpoint was made: the log was rewritten", kept.Seq)
	}
	return nil
}
