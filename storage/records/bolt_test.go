package records

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	bolt "go.etcd.io/bbolt"

	"holm/internal/fault"
	"holm/provisioner/model"
)

func TestReadingCreatesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	store := Open(filepath.Join(dir, "holm.db"))
	if list, err := store.List(t.Context(), ""); err != nil || list != nil {
		t.Errorf("List: %v, %v", list, err)
	}
	if entries, err := store.Audit(t.Context()); err != nil || entries != nil {
		t.Errorf("Audit: %v, %v", entries, err)
	}
	if err := store.VerifyAudit(t.Context()); err != nil {
		t.Errorf("VerifyAudit: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

func TestTheFirstChangeMakesThePrivateFileAndItsDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	store := Open(filepath.Join(dir, "holm.db"))
	setLabMode(t, store)
	for path, want := range map[string]fs.FileMode{dir: 0o711, store.path: 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("mode of %s is %v, want %v", path, info.Mode().Perm(), want)
		}
	}
	wantFiles(t, dir, "holm.db", "holm.db.lock", "holm.db.reserve")
}

func TestACrashWhileTheFileIsMadeLeavesNoneOrAWholeOne(t *testing.T) {
	for point, there := range map[string]bool{"create.empty": false, "create.complete": false, "create.renamed": true} {
		t.Run(point, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "holm.db")
			if err := start(t, point, path).Wait(); err == nil || err.Error() != "signal: killed" {
				t.Fatalf("the child was to die at %s: %v", point, err)
			}
			if _, err := os.Stat(path); (err == nil) != there {
				t.Errorf("after the crash: %v", err)
			}
			store := Open(path)
			if host, err := store.Host(t.Context()); err != nil || host.LabMode {
				t.Errorf("Host: %v, %v", host, err)
			}
			setLabMode(t, store)
			wantFiles(t, filepath.Dir(path), "holm.db", "holm.db.lock", "holm.db.reserve")
			if err := store.VerifyAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatACrashLeftBesideIsReplaced(t *testing.T) {
	store := Open(filepath.Join(t.TempDir(), "holm.db"))
	if err := os.WriteFile(store.path+".new", []byte("half a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	setLabMode(t, store)
	wantFiles(t, filepath.Dir(store.path), "holm.db", "holm.db.lock", "holm.db.reserve")
}

func TestAProcessKilledWhileItWritesLosesNothingThatItWasToldIsKept(t *testing.T) {
	store := newStore(t)
	for range 3 {
		p := start(t, "count", store.path)
		kept := 0
		for range 5 {
			kept, _ = strconv.Atoi(p.line(t))
		}
		if err := p.Process.Kill(); err != nil { // at whatever point it is
			t.Fatal(err)
		}
		_ = p.Wait() // "signal: killed", as intended
		inst, err := store.Instance(t.Context(), "acme", "web")
		if err != nil {
			t.Fatal(err)
		}
		if inst.ChecksPassed < kept {
			t.Errorf("%d is stored, and %d was promised", inst.ChecksPassed, kept)
		}
		list, err := store.List(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]model.Summary{model.Summarize(inst)}, list, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Errorf("the list and the record differ (-record +list):\n%s", diff)
		}
		if err := store.VerifyAudit(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestAnotherProcessThatHoldsTheFileMakesUsBusy(t *testing.T) {
	store := newStore(t)
	store.patience = 20 * time.Millisecond
	p := start(t, "hold", store.path)
	p.line(t)

	_, readErr := store.List(t.Context(), "")
	_, writeErr := store.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = true; return nil })
	for _, err := range []error{readErr, writeErr} {
		if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), store.path) {
			t.Errorf("error is %v, want ErrBusy with the path", err)
		}
	}
	t.Run("and waiting for it ends with the context", func(t *testing.T) {
		patient := Open(store.path)
		patient.patience = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		if _, err := patient.List(ctx, ""); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrBusy) {
			t.Errorf("error is %v, want the deadline and ErrBusy", err)
		}
	})
	t.Run("until it lets go", func(t *testing.T) {
		patient := Open(store.path)
		patient.patience = time.Hour
		got := make(chan error, 1)
		go func() {
			_, err := patient.List(t.Context(), "")
			got <- err
		}()
		_ = p.in.Close()
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAnotherProcessThatMakesTheFileMakesUsBusy(t *testing.T) {
	store := Open(filepath.Join(t.TempDir(), "holm.db"))
	store.patience = 20 * time.Millisecond
	made := make(chan struct{})
	other := Open(store.path)
	other.crash = func(point string) {
		if point != "create.complete" {
			return
		}
		_, err := store.SetHost(t.Context(), func(*model.Host) error { return nil })
		if !errors.Is(err, ErrBusy) {
			t.Errorf("error is %v, want ErrBusy", err)
		}
		close(made)
	}
	setLabMode(t, other)
	<-made
}

func TestWaitingForOnesTurnEndsWithTheContext(t *testing.T) {
	store := newStore(t)
	inside, leave := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := store.Update(t.Context(), testID, func(*model.Instance) error { close(inside); <-leave; return nil })
		done <- err
	}()
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if _, err := store.List(ctx, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v, want the deadline", err)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNothingIsHeldBetweenTransactions(t *testing.T) {
	store := newStore(t)
	raw(t, store, func(*bolt.Tx) error { return nil }) // would wait for the file
	setLabMode(t, store)
}

func TestAFileOfANewerVersionIsRefused(t *testing.T) {
	store := newStore(t)
	raw(t, store, func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bucketMeta)).Put([]byte(keySchema), []byte("4"))
	})
	_, readErr := store.List(t.Context(), "")
	_, writeErr := store.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = true; return nil })
	for _, err := range []error{readErr, writeErr} {
		if !errors.Is(err, ErrNewer) || fault.RemedyOf(err) == "" {
			t.Errorf("error is %v, want ErrNewer with a remedy", err)
		}
		if want := store.path + " was written by a newer version of holm (schema 4, this one knows 3)"; err != nil && err.Error() != want {
			t.Errorf("error is %q, want %q", err, want)
		}
	}
}

func TestDamagedFilesAreAnErrorWithARemedyAndNoPanic(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"an empty file":           func(t *testing.T, path string) { put(t, path, nil) },
		"a file of something":     func(t *testing.T, path string) { put(t, path, []byte(strings.Repeat("not a database\n", 5000))) },
		"a file cut to one page":  func(t *testing.T, path string) { cut(t, path, 4096) },
		"a file cut in the midst": func(t *testing.T, path string) { fill(t, Open(path), 1000); cut(t, path, 64<<10) },
		"pages of garbage":        garbage,
		"a bucket that is missing": func(t *testing.T, path string) {
			raw(t, Open(path), func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte(bucketNames)) })
		},
		"a schema that is no number": func(t *testing.T, path string) {
			raw(t, Open(path), func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucketMeta)).Put([]byte(keySchema), []byte("x"))
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			spoil(t, store.path)
			_, readErr := store.List(t.Context(), "")
			_, writeErr := store.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = true; return nil })
			for _, err := range []error{readErr, writeErr} {
				if !errors.Is(err, ErrDamaged) || fault.RemedyOf(err) == "" {
					t.Errorf("error is %v, want ErrDamaged with a remedy", err)
				}
			}
		})
	}
}

func TestRecordsThatCannotBeReadAreNamed(t *testing.T) {
	for bucket, read := range map[string]func(*Bolt) error{
		bucketInstances:  func(s *Bolt) error { _, err := s.Instance(t.Context(), "acme", "web"); return err },
		bucketSummaries:  func(s *Bolt) error { _, err := s.List(t.Context(), ""); return err },
		bucketOperations: func(s *Bolt) error { _, err := s.Operations(t.Context(), ""); return err },
		bucketAudit:      func(s *Bolt) error { _, err := s.Audit(t.Context()); return err },
		bucketMeta:       func(s *Bolt) error { _, err := s.Host(t.Context()); return err },
	} {
		t.Run(bucket, func(t *testing.T) {
			store := newStore(t)
			setLabMode(t, store)
			raw(t, store, func(tx *bolt.Tx) error {
				key, _ := tx.Bucket([]byte(bucket)).Cursor().First()
				if bucket == bucketMeta {
					key = []byte(keyHost)
				}
				return tx.Bucket([]byte(bucket)).Put(key, []byte("{"))
			})
			if err := read(store); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "cannot be read") {
				t.Errorf("error is %v, want ErrDamaged that names the record", err)
			}
		})
	}
}

func TestANameWithoutItsInstanceIsDamage(t *testing.T) {
	store := newStore(t)
	raw(t, store, func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketInstances)).Delete([]byte(testID)) })
	if _, err := store.Instance(t.Context(), "acme", "web"); !errors.Is(err, ErrDamaged) {
		t.Errorf("error is %v, want ErrDamaged", err)
	}
}

// The message is for an ordinary user; root is let in everywhere, so that the other process drops its privileges.
func TestAnOrdinaryUserIsToldWhatToDo(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to make a file that another user must not read")
	}
	store := newStore(t)
	open := filepath.Dir(store.path)
	binary := filepath.Join(open, "records.test")
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, self, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir := open; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil { // as the state directory is
			t.Fatal(err)
		}
	}
	if err := os.Chmod(binary, 0o711); err != nil {
		t.Fatal(err)
	}
	p := &process{}
	p.Cmd = startAs(t, binary, store.path)
	out, err := p.Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := open + " is readable by root only\n"; string(out) != want {
		t.Errorf("it was told %q, want %q", out, want)
	}
	err = denied("/var/lib/holm", fs.ErrPermission)
	want := "run: sudo holm …      or keep your own: HOLM_STATE=~/.local/share/holm holm …"
	if fault.RemedyOf(err) != want || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error is %v with remedy %q, want fs.ErrPermission and %q", err, fault.RemedyOf(err), want)
	}
}

func TestAFullDiskIsNamedAsSuch(t *testing.T) {
	err := Open("/var/lib/holm/holm.db").explain(fmt.Errorf("write: %w", syscall.ENOSPC))
	if !strings.HasPrefix(err.Error(), "no space left in /var/lib/holm") || fault.RemedyOf(err) == "" {
		t.Errorf("error is %v with remedy %q", err, fault.RemedyOf(err))
	}
}

func TestALinkInTheFilesPlaceIsNotFollowed(t *testing.T) {
	store := newStore(t)
	link := filepath.Join(t.TempDir(), "holm.db")
	if err := os.Symlink(store.path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(link).List(t.Context(), ""); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("error is %v, want ELOOP", err)
	}
}
