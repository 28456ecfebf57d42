package v1

import "time"

// AuditEntry is one change. Its hash covers every other field, and prev is the hash of the entry before.
type AuditEntry struct {
	// Seq counts from 1, without gaps.
	Seq uint64 `json:"seq"`
	// Time is when it was written down.
	Time time.Time `json:"time"`
	// Actor is "uid 0", and ", login 1000" when that is somebody else.
	Actor string `json:"actor"`
	// Kind is what was done: "instance.reserve", "host.set" …
	Kind string `json:"kind"`
	// Object is what it was done to: "instance/<id>", "host" …
	Object string `json:"object"`
	// Note is for people.
	Note string `json:"note,omitempty"`
	// Content is the SHA-256 of the record as it is stored; left out when it was dropped.
	Content string `json:"content,omitempty"`
	// Prev is the hash of the entry before; "" in the first.
	Prev string `json:"prev"`
	// Hash is the SHA-256 of the entry as it is stored, with an empty hash.
	Hash string `json:"hash"`
}

// AuditEntryList is what `audit ls` prints.
type AuditEntryList struct {
	// Archived: the entries up to this one are in archives.
	Archived uint64 `json:"archived,omitempty"`
	// Entries are in the order of their numbers.
	Entries []AuditEntry `json:"entries"`
}

// AuditCheckpoint is how far an audit log had come.
type AuditCheckpoint struct {
	// Host is the machine whose log it is.
	Host string `json:"host"`
	// Time is when it was made.
	Time time.Time `json:"time"`
	// Seq is the number of the last entry; 0 for none.
	Seq uint64 `json:"seq"`
	// Head is the last entry's hash.
	Head string `json:"head"`
}

// SignedCheckpoint is a checkpoint that can be kept anywhere; `audit verify --against` reads it.
type SignedCheckpoint struct {
	// Checkpoint is what is signed.
	Checkpoint AuditCheckpoint `json:"checkpoint"`
	// Key is "ed25519:" and the public key in base64.
	Key string `json:"key"`
	// Signature is in base64.
	Signature string `json:"signature"`
}

// AuditVerdict is what `audit verify` prints of a log in which nothing is wrong.
type AuditVerdict struct {
	// Whole: each entry follows from the one before, and each record from its last entry.
	Whole bool `json:"whole"`
	// Entries is the number of the last entry.
	Entries uint64 `json:"entries"`
	// Head is the last entry's hash.
	Head string `json:"head"`
	// Host is the machine whose log it is, where a signature says so.
	Host string `json:"host,omitempty"`
	// Key is whose signature was checked.
	Key string `json:"key,omitempty"`
	// Archived: it begins behind this entry.
	Archived uint64 `json:"archived,omitempty"`
	// Checkpoint is the entry up to which it agrees with what was kept.
	Checkpoint uint64 `json:"checkpoint,omitempty"`
}

// AuditArchive is what `audit archive` prints.
type AuditArchive struct {
	// File is where the entries are now; left out when there was nothing to archive.
	File string `json:"file,omitempty"`
	// First is the number of the first entry in it.
	First uint64 `json:"first,omitempty"`
	// Last is the number of the last entry in it.
	Last uint64 `json:"last,omitempty"`
	// Kept is how many entries are left in the log.
	Kept uint64 `json:"kept"`
	// Head is the hash of the last entry in the file.
	Head string `json:"head,omitempty"`
	// Key is whose signature the file has.
	Key string `json:"key,omitempty"`
}
