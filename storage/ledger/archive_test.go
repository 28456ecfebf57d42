package ledger_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/storage/ledger"
	"holm/storage/records"
)

// An archive, the next one, and what is exported later are one log.
func TestArchivesAndALaterExportAreOneLog(t *testing.T) {
	k, store := key(t), log(t)
	files := [][]byte{archive(t, k, store, 2), archive(t, k, store, 4), export(t, k, store, 0)}
	var parts []ledger.Part
	var heard []uint64
	for i, content := range files {
		part, err := ledger.Import(bytes.NewReader(content), public(k), func(e records.AuditEntry) { heard = append(heard, e.Seq) })
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if err := part.Follows(parts[i-1]); err != nil {
				t.Errorf("file %d: %v", i+1, err)
			}
		}
		parts = append(parts, part)
	}
	for i, seq := range heard {
		if seq != uint64(i+1) {
			t.Fatalf("the entries are %d", heard)
		}
	}
	if len(heard) != 6 { // each archive is told of
		t.Errorf("the entries are %d, want 6", heard)
	}
	if err := parts[2].Follows(parts[0]); err == nil || !strings.Contains(err.Error(), "begins with entry 5") {
		t.Errorf("one left out: %v", err)
	}
	if err := parts[0].Follows(parts[1]); err == nil {
		t.Error("two in the wrong order follow each other")
	}
	other := parts[0]
	other.Checkpoint.Head = strings.Repeat("ab", 32)
	if err := parts[1].Follows(other); err == nil {
		t.Error("an archive follows another history's")
	}
	other = parts[0]
	other.Key = "ed25519:other"
	if err := parts[1].Follows(other); err == nil || !strings.Contains(err.Error(), "ed25519:other") {
		t.Errorf("signed by another: %v", err)
	}
}

func TestAnExportThatClaimsAnotherBeginningFails(t *testing.T) {
	k, store := key(t), log(t)
	archive(t, k, store, 2)
	good := export(t, k, store, 0)
	first, rest, _ := bytes.Cut(good, []byte("\n"))
	for name, content := range map[string][]byte{
		"none":            rest,
		"twice":           append(append(bytes.Clone(first), '\n'), good...),
		"of nothing":      append([]byte(`{"after":{"seq":0,"head":""}}`+"\n"), rest...),
		"of another hash": append([]byte(`{"after":{"seq":2,"head":"ab"}}`+"\n"), rest...),
		"with a blank":    bytes.Replace(good, []byte(`:{"seq":2`), []byte(`: {"seq":2`), 1),
		"with more":       bytes.Replace(good, []byte(`:{"seq":2`), []byte(`:{"more":1,"seq":2`), 1),
		"alone":           append(bytes.Clone(first), '\n'),
	} {
		if _, err := ledger.Import(bytes.NewReader(content), public(k), nil); err == nil {
			t.Errorf("%s: it went through", name)
		}
	}
}

func TestAnArchiveIsWrittenWholeAndOnce(t *testing.T) {
	k, store := key(t), log(t)
	path := filepath.Join(t.TempDir(), "archive.jsonl")
	write := func(path string) error {
		return store.WholeAudit(t.Context(), func(log records.WholeLog) error {
			return ledger.Archive(path, log, signed(t, k, log.End), public(k))
		})
	}
	if err := write(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it is %v, %v", info, err)
	}
	if part, err := ledger.ReadFile(path, public(k), nil); err != nil || part.Checkpoint.Seq != 4 {
		t.Errorf("it has %+v, %v", part, err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("once more: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("what was there was changed: %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left are %v, %v", left, err)
	}
}
