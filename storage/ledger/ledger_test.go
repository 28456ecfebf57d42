package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holm/provisioner/model"
	"holm/storage/ledger"
	"holm/storage/records"
)

// log is an audit log with a few entries, as the records keep it.
func log(t *testing.T) *records.Bolt {
	t.Helper()
	store := records.Open(filepath.Join(t.TempDir(), "holm.db"))
	for n := range 4 {
		if _, err := store.SetHost(t.Context(), func(h *model.Host) error { h.Users = strings.Repeat("x", n+1); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func entries(t *testing.T, store *records.Bolt) []records.AuditEntry {
	t.Helper()
	all, err := store.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func key(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	k, err := ledger.Key(filepath.Join(t.TempDir(), "keys", "audit_ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signed(t *testing.T, k ed25519.PrivateKey, at records.Mark) ledger.Signed {
	t.Helper()
	s, err := ledger.Sign(k, ledger.Checkpoint{Host: "fjell01", Time: time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC), Seq: at.Seq, Head: at.Head})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// export is the log up to an entry; 0 is all of it.
func export(t *testing.T, k ed25519.PrivateKey, store *records.Bolt, upTo uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	err := store.WholeAudit(t.Context(), func(log records.WholeLog) error {
		end := log.End
		err := log.Each(func(e records.AuditEntry) error {
			if e.Seq == upTo {
				end = records.Mark{Seq: e.Seq, Head: e.Hash}
			}
			return nil
		})
		return errors.Join(err, ledger.Export(&b, log, signed(t, k, end)))
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// none is a store in which nothing was ever changed.
func none(t *testing.T) *records.Bolt {
	t.Helper()
	return records.Open(filepath.Join(t.TempDir(), "holm.db"))
}

// archive drops what is exported up to an entry.
func archive(t *testing.T, k ed25519.PrivateKey, store *records.Bolt, upTo uint64) []byte {
	t.Helper()
	content := export(t, k, store, upTo)
	part, err := ledger.Import(bytes.NewReader(content), public(k), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = store.DropArchived(t.Context(), part.After, records.Mark{Seq: part.Checkpoint.Seq, Head: part.Checkpoint.Head}, "archive")
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func public(k ed25519.PrivateKey) ed25519.PublicKey {
	return k.Public().(ed25519.PublicKey) // what an ed25519 key has
}

func TestAnExportIsJudgedWithoutTheHost(t *testing.T) {
	k := key(t)
	for want, store := range map[uint64]*records.Bolt{0: none(t), 4: log(t)} {
		for _, trusted := range []ed25519.PublicKey{nil, public(k)} {
			got, err := ledger.Import(bytes.NewReader(export(t, k, store, 0)), trusted, nil)
			if err != nil || got.Checkpoint.Seq != want || got.Checkpoint.Host != "fjell01" {
				t.Errorf("%d entries: %+v, %v", want, got, err)
			}
		}
	}
}

func TestAChangedByteAnywhereFails(t *testing.T) {
	k := key(t)
	later := log(t)
	archive(t, k, later, 2)
	for _, good := range [][]byte{export(t, k, log(t), 0), export(t, k, later, 0)} {
		for at := range good {
			bad := bytes.Clone(good)
			bad[at] ^= 1
			if _, err := ledger.Import(bytes.NewReader(bad), public(k), nil); err == nil {
				t.Fatalf("byte %d changed from %q to %q, and it went through", at, good[at], bad[at])
			}
		}
	}
}

func TestWhatIsCutOrMovedOrSignedByAnotherFails(t *testing.T) {
	k := key(t)
	good := export(t, k, log(t), 0)
	lines := bytes.SplitAfter(good, []byte("\n"))
	lines = lines[:len(lines)-1] // nothing follows the last line feed
	last := lines[len(lines)-1]
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"nothing":                  {nil, "is empty"},
		"the checkpoint missing":   {bytes.Join(lines[:len(lines)-1], nil), "does not end with a checkpoint"},
		"the tail cut":             {append(bytes.Join(lines[:2], nil), last...), "entries are missing"},
		"the first entry missing":  {bytes.Join(lines[1:], nil), "entry 1 is missing"},
		"an entry missing":         {append(bytes.Clone(lines[0]), bytes.Join(lines[2:], nil)...), "entry 2 is missing"},
		"an entry twice":           {append(bytes.Clone(lines[0]), good...), "entry 2 is missing"},
		"two entries swapped":      {bytes.Join([][]byte{lines[1], lines[0], lines[2], lines[3], last}, nil), "entry 1 is missing"},
		"something behind":         {append(bytes.Clone(good), "{}\n"...), "entry 5 is missing"},
		"a field more":             {bytes.Replace(good, []byte(`{"seq":2,`), []byte(`{"seq":2,"more":1,`), 1), "entry 2"},
		"another log's checkpoint": {append(bytes.Join(lines[:len(lines)-1], nil), export(t, k, none(t), 0)...), "were rewritten"},
		"the last line feed cut":   {bytes.TrimSuffix(good, []byte("\n")), "its last line has no end"},
		"the last one another":     {append(bytes.TrimSuffix(bytes.Clone(good), []byte("\n")), '\r'), "its last line has no end"},
		"returns before each":      {bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), ""},
		"a line without an end":    {bytes.Repeat([]byte("x"), 2<<20), "read the export"},
	} {
		if _, err := ledger.Import(bytes.NewReader(c.content), public(k), nil); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := ledger.Import(bytes.NewReader(good), public(key(t)), nil); err == nil || !strings.Contains(err.Error(), "is signed by ed25519:") {
		t.Errorf("another host's key: %v", err)
	}
}

// since holds a log against a checkpoint as it is read: all of it, or up to an entry.
func since(t *testing.T, kept ledger.Checkpoint, store *records.Bolt, upTo uint64) error {
	t.Helper()
	from, end, err := store.AuditEnds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := ""
	for _, e := range entries(t, store) {
		if e.Seq == kept.Seq && e.Seq <= upTo {
			found = e.Hash
		}
	}
	end.Seq = min(end.Seq, upTo)
	return ledger.Since(kept, from.Mark, end, found)
}

func TestALogThatGoesOnKeepsToItsCheckpoint(t *testing.T) {
	k, store := key(t), log(t)
	_, end, err := store.AuditEnds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept := signed(t, k, end).Checkpoint
	if _, err := store.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = true; return nil }); err != nil {
		t.Fatal(err)
	}
	const all = 100
	if err := since(t, kept, store, all); err != nil {
		t.Errorf("gone on: %v", err)
	}
	if err := since(t, kept, store, 2); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("cut: %v", err)
	}
	another := log(t)
	if err := since(t, kept, another, all); err == nil || !strings.Contains(err.Error(), "rewritten") {
		t.Errorf("another history: %v", err)
	}
	if err := since(t, ledger.Checkpoint{}, none(t), all); err != nil {
		t.Errorf("nothing yet: %v", err)
	}
	for at, s := range map[uint64]*records.Bolt{4: store, 3: another} {
		archive(t, k, s, at)
	}
	if err := since(t, kept, store, all); err != nil {
		t.Errorf("archived up to it: %v", err)
	}
	archive(t, k, store, 5)
	if err := since(t, kept, store, all); !errors.Is(err, ledger.ErrArchived) {
		t.Errorf("archived with it: %v", err)
	}
	if err := since(t, kept, another, all); err == nil || !strings.Contains(err.Error(), "rewritten") {
		t.Errorf("another history, archived up to before it: %v", err)
	}
}

func TestTheKeyIsMadeOnceAndForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "audit_ed25519")
	keys := make(chan ed25519.PrivateKey)
	const many = 8
	for range many {
		go func() {
			k, err := ledger.Key(path)
			if err != nil {
				t.Error(err)
			}
			keys <- k
		}()
	}
	first := <-keys
	for range many - 1 {
		if k := <-keys; !first.Equal(k) {
			t.Error("two made different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is %v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left are %v, %v", left, err)
	}
	if err := os.WriteFile(path, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Key(path); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("what is no key: %v", err)
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(`{"checkpoint":{"host":"a","time":"2030-01-02T03:04:05Z","seq":0,"head":""},"key":"ed25519:AAAA","signature":""}`))
	f.Add([]byte("{}\n{}"))
	f.Add([]byte(`{"after":{"seq":2,"head":"ab"}}` + "\n" + `{"checkpoint":{"host":"a","time":"2030-01-02T03:04:05Z","seq":2,"head":"ab"},"key":"","signature":""}` + "\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := ledger.Import(bytes.NewReader(content), make(ed25519.PublicKey, ed25519.PublicKeySize), nil); err == nil {
			t.Errorf("%q is signed by nobody's key", content)
		}
	})
}
