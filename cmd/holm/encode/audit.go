package encode

import (
	v1 "holm/api/v1"
	"holm/storage/ledger"
	"holm/storage/records"
)

// AuditEntries are entries of the log.
func AuditEntries(all []records.AuditEntry) []v1.AuditEntry {
	return list(all, func(e records.AuditEntry) v1.AuditEntry {
		return v1.AuditEntry{
			Seq: e.Seq, Time: utc(e.Time), Actor: e.Actor, Kind: e.Kind, Object: e.Object, Note: e.Note,
			Content: e.Content, Prev: e.Prev, Hash: e.Hash,
		}
	})
}

// SignedCheckpoint is how far the log had come.
func SignedCheckpoint(s ledger.Signed) v1.SignedCheckpoint {
	c := s.Checkpoint
	return v1.SignedCheckpoint{
		Checkpoint: v1.AuditCheckpoint{Host: c.Host, Time: utc(c.Time), Seq: c.Seq, Head: c.Head}, Key: s.Key, Signature: s.Signature,
	}
}
