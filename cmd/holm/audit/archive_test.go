package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/clitest"
	"holm/internal/fault"
	"holm/storage/ledger"
	"holm/storage/records"
)

func TestTheLogIsArchivedAndCheckedWithItsArchives(t *testing.T) {
	w, state := newWorld(), changed(t)
	holm := func(code fault.Kind, args ...string) clitest.Outcome {
		t.Helper()
		got := w.Run(t, append([]string{"--state", state, "audit"}, args...)...)
		if got.Code != int(code) {
			t.Fatalf("%q ended with %d, want %d\n%s%s", args, got.Code, code, got.Out, got.Err)
		}
		return got
	}
	says := func(got clitest.Outcome, want ...string) {
		t.Helper()
		for _, text := range want {
			if !strings.Contains(got.Out+got.Err, text) {
				t.Errorf("it does not say %q:\n%s%s", text, got.Out, got.Err)
			}
		}
	}
	first := keep(t, "first.json", holm(0, "checkpoint", "-o", "json").Out) // of entry 3
	archive, second := filepath.Join(t.TempDir(), "a.jsonl"), filepath.Join(t.TempDir(), "b.jsonl")
	says(holm(0, "archive", archive, "--keep", "2"), "entries\t1 to 1\n", "kept\t2 in the log")
	says(holm(0, "verify"), "log\twhole\nentries\t4\nbegins with\tentry 2")
	says(holm(0, "verify", "--against", first), "agrees with\tthe checkpoint of entry 3\n")
	says(holm(0, "archive", second, "--keep", "1"), "entries\t2 to 3\n")
	says(holm(fault.CheckFailed, "verify", "--against", archive), "is made by")
	says(holm(0, "verify", "--against", first), "agrees with\tthe checkpoint of entry 3\n") // the base has its hash
	says(holm(0, "archive", filepath.Join(t.TempDir(), "c.jsonl"), "--keep", "1"), "entries\t4 to 4\n")
	says(holm(fault.CheckFailed, "verify", "--against", first),
		"the checkpoint is of entry 3, and this begins with entry 5: those before are in an archive", "audit verify ARCHIVE now.jsonl --against")
	export := keep(t, "now.jsonl", holm(0, "export").Out)
	says(holm(0, "verify", export, "--any-key"), "begins with\tentry 5")
	says(holm(0, "verify", archive, second, "--against", first, "--any-key"), "entries\t3\n", "agrees with")
	says(holm(fault.CheckFailed, "verify", archive, export, "--any-key"), "begins with entry 5 and does not go on where the file before ends, with 1")
	says(holm(fault.CheckFailed, "verify", export, "--against", first, "--any-key"), "those before are in an archive", "audit verify ARCHIVE "+export)
	says(holm(0, "ls", "--all"), "entries 1 to 4 were archived", "audit.archive")
	says(holm(0, "ls", "--last", "1", "-o", "json"), `"archived": 4`)
	says(holm(0, "checkpoint"), "entries\t6\n")
	says(holm(0, "archive", filepath.Join(t.TempDir(), "d.jsonl")), "there is nothing to archive")
	says(holm(0, "archive", filepath.Join(t.TempDir(), "d.jsonl"), "--keep-days", "9999"), "there is nothing to archive")
	if info, err := os.Stat(archive); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive is %v, %v", info, err)
	}
}

// Whoever is killed after the file was written, and before the log was cut, has lost nothing, and is told what the file is.
func TestAnArchiveThatIsInTheWayIsToldFromTheOnlyCopy(t *testing.T) {
	w, state := newWorld(), changed(t)
	path := filepath.Join(t.TempDir(), "a.jsonl")
	again := func(remedy, what string) {
		t.Helper()
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got := w.Run(t, "--state", state, "audit", "archive", path, "--keep", "1")
		if got.Code != int(fault.Exists) || !strings.Contains(got.Err, remedy) || !strings.Contains(got.Err, what) {
			t.Errorf("it ended with %d: %s, want %q and %q", got.Code, got.Err, what, remedy)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("the file was changed: %v", err)
		}
	}
	// The file alone, as the other half would come next.
	store := records.Open(filepath.Join(state, "holm.db"))
	key, err := ledger.Key(filepath.Join(state, "keys", "audit_ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	err = store.WholeAudit(t.Context(), func(log records.WholeLog) error {
		upTo := log.End
		signed, err := ledger.Sign(key, ledger.Checkpoint{Host: "fjell01", Time: time.Now(), Seq: upTo.Seq, Head: upTo.Head})
		return errors.Join(err, ledger.Archive(path, log, signed, nil))
	})
	if err != nil {
		t.Fatal(err)
	}
	again("rm "+path, "entries 1 to 3, which are in the log as well")
	if got := w.Run(t, "--state", state, "audit", "verify"); got.Code != 0 || !strings.Contains(got.Out, "entries\t3\n") {
		t.Errorf("verify ended with %d: %s%s", got.Code, got.Out, got.Err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := w.Run(t, "--state", state, "audit", "archive", path, "--keep", "1"); got.Code != 0 {
		t.Fatalf("it ended with %d: %s", got.Code, got.Err)
	}
	again("keep it", "an archive with entries 1 to 2")
	if err := os.WriteFile(path, []byte("something\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again("name a file that is not there yet", "is there already, and stays")
}

func TestALogThatIsNotWholeIsNotArchived(t *testing.T) {
	w, state := newWorld(), changed(t)
	path, file := filepath.Join(state, "holm.db"), filepath.Join(t.TempDir(), "a.jsonl")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(content), `"name":"bolt"`, `"name":"dolt"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := w.Run(t, "--state", state, "audit", "archive", file, "--keep", "1"); got.Code != int(fault.CheckFailed) || got.Out != "" {
		t.Errorf("it ended with %d: %s%s", got.Code, got.Out, got.Err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("there is an archive of it")
	}
}

func TestEntriesOfTheLastDaysStay(t *testing.T) {
	store := records.Open(filepath.Join(changed(t), "holm.db"))
	err := store.WholeAudit(t.Context(), func(log records.WholeLog) error {
		for _, tt := range []struct {
			keep retention
			in   time.Duration // from now
			want uint64
		}{
			{retention{entries: 2}, 0, 1},
			{retention{entries: 3}, 0, 0},
			{retention{entries: 9}, 0, 0},
			{retention{entries: 1000, days: 7}, 6 * 24 * time.Hour, 0},
			{retention{entries: 1000, days: 7}, 8 * 24 * time.Hour, 3},
		} {
			if got, err := tt.keep.cut(log, time.Now().Add(tt.in)); err != nil || got.Seq != tt.want {
				t.Errorf("%+v in %s: up to %d, want %d (%v)", tt.keep, tt.in, got.Seq, tt.want, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOfTwoArchivesAtOnceOneIsMade(t *testing.T) {
	state := changed(t)
	const many = 4
	ended := make(chan clitest.Outcome, many)
	dir := t.TempDir()
	for n := range many {
		go func() {
			ended <- newWorld().Run(t, "--state", state, "audit", "archive", filepath.Join(dir, cli.Decimal(n)+".jsonl"), "--keep", "2")
		}()
	}
	made := 0
	for range many {
		switch got := <-ended; got.Code {
		case 0:
			made++
		case int(fault.Busy):
			const says = "is complete, and the entries were not dropped from the log: the audit log was archived by somebody else meanwhile"
			if !strings.Contains(got.Err, says) {
				t.Errorf("it says %s", got.Err)
			}
		default:
			t.Errorf("it ended with %d: %s%s", got.Code, got.Out, got.Err)
		}
	}
	if made == 0 {
		t.Error("none was made")
	}
	if got := newWorld().Run(t, "--state", state, "audit", "verify"); got.Code != 0 {
		t.Errorf("verify ended with %d: %s", got.Code, got.Err)
	}
}
