package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/storage/records"
)

// changed is a state directory in which a few changes were made.
func changed(t *testing.T) (state string) {
	t.Helper()
	state = t.TempDir()
	store := records.Open(filepath.Join(state, "holm.db"))
	for _, name := range []string{"acme", "bolt", "cog"} {
		if err := store.AddTenant(t.Context(), model.Tenant{Name: name}, func([]model.Tenant) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return state
}

func keep(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheLogIsListedExportedAndVerified(t *testing.T) {
	w, state := newWorld(), changed(t)
	ls := w.Run(t, "--state", state, "audit", "ls", "--last", "2")
	if ls.Code != 0 || strings.Count(ls.Out, "tenant.add") != 2 || !strings.Contains(ls.Out, "tenant/cog") {
		t.Errorf("ls ended with %d: %s", ls.Code, ls.Out)
	}
	checkpoint := keep(t, "checkpoint.json", w.Run(t, "--state", state, "audit", "checkpoint", "-o", "json").Out)
	export := w.Run(t, "--state", state, "audit", "export")
	file := keep(t, "audit.jsonl", export.Out)
	for _, args := range [][]string{
		{"--state", state, "audit", "verify"},
		{"--state", state, "audit", "verify", "--against", checkpoint},
		{"--state", t.TempDir(), "audit", "verify", file, "--any-key"}, // on another machine
	} {
		if got := w.Run(t, args...); got.Code != 0 || !strings.Contains(got.Out, "log\twhole\nentries\t3\n") {
			t.Errorf("%q ended with %d\n%s%s", args, got.Code, got.Out, got.Err)
		}
	}
	bad := keep(t, "bad.jsonl", strings.Replace(export.Out, "bolt", "dolt", 1))
	cut := keep(t, "cut.jsonl", strings.Join(strings.SplitAfter(export.Out, "\n")[1:], ""))
	for _, args := range [][]string{
		{"audit", "verify", bad},
		{"audit", "verify", cut},
		{"audit", "verify", file, "--key", "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
		{"--state", changed(t), "audit", "verify", "--against", checkpoint}, // another history
		{"--state", t.TempDir(), "audit", "verify", "--against", checkpoint},
		{"--state", state, "audit", "verify", "--against", file},
	} {
		if got := w.Run(t, args...); got.Code != int(fault.CheckFailed) || got.Out != "" {
			t.Errorf("%q ended with %d\n%s%s", args, got.Code, got.Out, got.Err)
		}
	}
	if got := w.Run(t, "audit", "verify", file); got.Code != int(fault.CheckFailed) || !strings.Contains(got.Err, "nobody said whose key it has to be") {
		t.Errorf("signed by anybody: ended with %d\n%s%s", got.Code, got.Out, got.Err)
	}
	for code, args := range map[fault.Kind][]string{
		fault.NotFound: {"audit", "verify", file + ".gone"},
		fault.Usage:    {"audit", "verify", file, "--key", "mine"},
	} {
		if got := w.Run(t, args...); got.Code != int(code) {
			t.Errorf("%q ended with %d, want %d\n%s", args, got.Code, code, got.Err)
		}
	}
}

func TestADatabaseThatWasWrittenBehindTheLogIsNotSigned(t *testing.T) {
	w, state := newWorld(), changed(t)
	path := filepath.Join(state, "holm.db")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(content), `"name":"bolt"`, `"name":"dolt"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"verify", "export", "checkpoint"} {
		if got := w.Run(t, "--state", state, "audit", verb); got.Code != int(fault.CheckFailed) || got.Out != "" {
			t.Errorf("%s ended with %d: %s%s", verb, got.Code, got.Out, got.Err)
		}
	}
}
