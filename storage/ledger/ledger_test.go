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

	"holm/storage/ledger"
	"holm/storage/records"
)

// log is an audit log with a few entries, as the records keep it.
func log(t *testing.T) *records.Bolt {
	t.Helper()
	store := records.Open(filepath.Join(t.TempDir(), "holm.db"))
	for n := range 4 {
		if _, err := store.SetHost(t.Context(), func(h *records.Host) error { h.Subnet = strings.Repeat("x", n+1); return nil }); err != nil {
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

func signed(t *testing.T, k ed25519.PrivateKey, all []records.AuditEntry) ledger.Signed {
	t.Helper()
	c := ledger.Checkpoint{Host: "fjell01", Time: time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC), Seq: uint64(len(all))}
	if len(all) > 0 {
		c.Head = all[len(all)-1].Hash
	}
	s, err := ledger.Sign(k, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func export(t *testing.T, k ed25519.PrivateKey, all []records.AuditEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := ledger.Export(&b, all, signed(t, k, all)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func public(k ed25519.PrivateKey) ed25519.PublicKey {
	return k.Public().(ed25519.PublicKey) // what an ed25519 key has
}

func TestAnExportIsJudgedWithoutTheHost(t *testing.T) {
	k := key(t)
	for _, all := range [][]records.AuditEntry{nil, entries(t, log(t))} {
		for _, trusted := range []ed25519.PublicKey{nil, public(k)} {
			got, err := ledger.Import(bytes.NewReader(export(t, k, all)), trusted)
			if err != nil || got.Checkpoint.Seq != uint64(len(all)) || got.Checkpoint.Host != "fjell01" {
				t.Errorf("%d entries: %+v, %v", len(all), got, err)
			}
		}
	}
}

func TestAChangedByteAnywhereFails(t *testing.T) {
	k := key(t)
	good := export(t, k, entries(t, log(t)))
	for at := range good {
		bad := bytes.Clone(good)
		bad[at] ^= 1
		if _, err := ledger.Import(bytes.NewReader(bad), public(k)); err == nil {
			t.Fatalf("byte %d changed from %q to %q, and it went through", at, good[at], bad[at])
		}
	}
}

func TestWhatIsCutOrMovedOrSignedByAnotherFails(t *testing.T) {
	k := key(t)
	good := export(t, k, entries(t, log(t)))
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
		"another log's checkpoint": {append(bytes.Join(lines[:len(lines)-1], nil), export(t, k, nil)...), "were rewritten"},
		"the last line feed cut":   {bytes.TrimSuffix(good, []byte("\n")), "its last line has no end"},
		"the last one another":     {append(bytes.TrimSuffix(bytes.Clone(good), []byte("\n")), '\r'), "its last line has no end"},
		"returns before each":      {bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), ""},
		"a line without an end":    {bytes.Repeat([]byte("x"), 2<<20), "read the export"},
	} {
		if _, err := ledger.Import(bytes.NewReader(c.content), public(k)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := ledger.Import(bytes.NewReader(good), public(key(t))); err == nil || !strings.Contains(err.Error(), "is signed by ed25519:") {
		t.Errorf("another host's key: %v", err)
	}
}

func TestALogThatGoesOnKeepsToItsCheckpoint(t *testing.T) {
	k, store := key(t), log(t)
	kept := signed(t, k, entries(t, store)).Checkpoint
	if _, err := store.SetHost(t.Context(), func(h *records.Host) error { h.LabMode = true; return nil }); err != nil {
		t.Fatal(err)
	}
	all := entries(t, store)
	if err := ledger.Since(kept, all); err != nil {
		t.Errorf("gone on: %v", err)
	}
	if err := ledger.Since(kept, all[:2]); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("cut: %v", err)
	}
	if err := ledger.Since(kept, entries(t, log(t))); err == nil || !strings.Contains(err.Error(), "rewritten") {
		t.Errorf("another history: %v", err)
	}
	if err := ledger.Since(ledger.Checkpoint{}, nil); err != nil {
		t.Errorf("nothing yet: %v", err)
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
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := ledger.Import(bytes.NewReader(content), make(ed25519.PublicKey, ed25519.PublicKeySize)); err == nil {
			t.Errorf("%q is signed by nobody's key", content)
		}
	})
}
