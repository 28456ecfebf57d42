package records

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// audited returns a store with a past: two reservations, changes, an operation, a drop.
func audited(t *testing.T) *Bolt {
	t.Helper()
	store := newStore(t)
	store.now = func() time.Time { return time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC) }
	store.actor = func() string { return "uid 0, login 1000" }
	setLabMode(t, store)
	other := model.Instance{ID: "bbbbbbbbbbbb", Tenant: "acme", Name: "db"}
	_, err := store.Reserve(t.Context(), other, model.Operation{ID: "2", Kind: "create", Instance: other.ID},
		func([]model.Instance, *model.Instance) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Update(t.Context(), testID, func(i *model.Instance) error { i.State = model.Ready; return nil }); err != nil {
		t.Fatal(err)
	}
	op := model.Operation{ID: "1", Kind: "create", Instance: testID, Tenant: "acme", Name: "web", Status: model.Done}
	if err := store.PutOperation(t.Context(), op); err != nil {
		t.Fatal(err)
	}
	if err := store.Drop(t.Context(), other.ID); err != nil {
		t.Fatal(err)
	}
	return store
}

func TestEveryChangeIsAuditedOnce(t *testing.T) {
	store := audited(t)
	entries, err := store.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, e := range entries {
		got = append(got, fmt.Sprintf("%d %s %s: %s", e.Seq, e.Kind, e.Object, e.Note))
		if i > 1 && e.Actor != "uid 0, login 1000" {
			t.Errorf("entry %d: actor is %q", e.Seq, e.Actor)
		}
		if gone := e.Kind == "instance.drop"; (e.Content == "") != gone {
			t.Errorf("entry %d: content is %q", e.Seq, e.Content)
		}
	}
	want := []string{
		"1 operation.put operation/0123456789ab/1: create acme/web running",
		"2 instance.reserve instance/0123456789ab: acme/web creating",
		`3 host.set host: {"lab_mode":true}`,
		"4 operation.put operation/bbbbbbbbbbbb/2: create / ",
		"5 instance.reserve instance/bbbbbbbbbbbb: acme/db ",
		"6 instance.update instance/0123456789ab: acme/web ready",
		"7 operation.put operation/0123456789ab/1: create acme/web done",
		"8 instance.drop instance/bbbbbbbbbbbb: acme/db ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if err := store.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhatChangesNothingIsNotAudited(t *testing.T) {
	store := audited(t)
	before, err := store.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	setLabMode(t, store)
	if err := store.Drop(t.Context(), "bbbbbbbbbbbb"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Update(t.Context(), testID, func(*model.Instance) error { return nil }); err != nil {
		t.Fatal(err)
	}
	_, err = store.Update(t.Context(), testID, func(i *model.Instance) error { i.State = model.Failed; return errors.New("no") })
	if err == nil {
		t.Fatal("no error")
	}
	after, err := store.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("entries (-before +after):\n%s", diff)
	}
}

func TestAnyFlippedByteOfTheAuditLogIsFound(t *testing.T) {
	store := audited(t)
	enough := errors.New("roll back")
	db, err := bolt.Open(store.path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Update(func(tx *bolt.Tx) error {
		log := tx.Bucket([]byte(bucketAudit))
		for seq := range log.Sequence() {
			key := auditKey(seq + 1)
			whole := bytes.Clone(log.Get(key))
			for i := range whole {
				for _, bit := range []byte{0x01, 0x20, 0x80} { // 0x20: a letter's case
					flipped := bytes.Clone(whole)
					flipped[i] ^= bit
					if err := log.Put(key, flipped); err != nil {
						return err
					}
					if verify(tx) == nil {
						t.Errorf("entry %d: byte %d flipped to %q was not found", seq+1, i, flipped[i])
					}
				}
			}
			if err := log.Put(key, whole); err != nil {
				return err
			}
		}
		if err := verify(tx); err != nil {
			t.Errorf("after all was put back: %v", err)
		}
		return enough
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
}

func TestVerifyAuditFindsWhatWasDoneBehindItsBack(t *testing.T) {
	for name, tc := range map[string]struct {
		tamper func(tx *bolt.Tx) error
		want   string
	}{
		"an entry taken out of the middle": {
			func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketAudit)).Delete(auditKey(3)) },
			"audit entry 3 is missing or out of its place",
		},
		"the last entry taken off": {
			func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketAudit)).Delete(auditKey(8)) },
			"audit entries after 7 are missing",
		},
		"the whole log taken away": {
			func(tx *bolt.Tx) error {
				if err := tx.DeleteBucket([]byte(bucketAudit)); err != nil {
					return err
				}
				_, err := tx.CreateBucket([]byte(bucketAudit))
				return err
			},
			"audit entries after 0 are missing",
		},
		"an entry sealed anew": {
			func(tx *bolt.Tx) error {
				log := tx.Bucket([]byte(bucketAudit))
				entry, err := decode[AuditEntry](log.Get(auditKey(2)))
				if err != nil {
					return err
				}
				entry.Actor = "uid 1"
				value, err := seal(&entry)
				if err != nil {
					return err
				}
				return log.Put(auditKey(2), value)
			},
			"audit entry 3 does not follow the one before it",
		},
		"an instance altered": {
			alterFirst(bucketInstances, testID), "instance/0123456789ab was altered",
		},
		"an instance put in": {
			func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucketInstances)).Put([]byte("cccccccccccc"), []byte("{}"))
			},
			"instance/cccccccccccc was altered",
		},
		"an instance put back": {
			func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucketInstances)).Put([]byte("bbbbbbbbbbbb"), []byte("{}"))
			},
			"instance/bbbbbbbbbbbb was altered",
		},
		"an instance taken away": {
			func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketInstances)).Delete([]byte(testID)) },
			"instance/0123456789ab is gone",
		},
		"an operation altered": {
			alterFirst(bucketOperations, testID+"\x001"), "operation/0123456789ab/1 was altered",
		},
		"an operation put in": {
			func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucketOperations)).Put(operationKey(testID, "9"), []byte("{}"))
			},
			"operation/0123456789ab/9 was altered",
		},
		"an operation taken away": {
			func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketOperations)).Delete(operationKey(testID, "1")) },
			"operation/0123456789ab/1 is gone",
		},
		"a name that leads to another instance": {
			func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucketNames)).Put(nameKey("acme", "web"), []byte("bbbbbbbbbbbb"))
			},
			"the name acme/web leads elsewhere than to instance/0123456789ab",
		},
		"a name of nothing": {
			func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucketNames)).Put(nameKey("acme", "ghost"), []byte(testID))
			},
			`there is a name of "acme/ghost", and no such instance`,
		},
		"a list that shows an instance ready": {
			func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucketSummaries)).Put(nameKey("acme", "web"),
					encodeSummary(model.Summary{ID: testID, Name: "web", Tenant: "acme", State: model.Ready, ChecksPassed: 42, ChecksTotal: 42}))
			},
			"what lists show of acme/web was altered",
		},
		"a list that leaves one out": {
			func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketSummaries)).Delete(nameKey("acme", "web")) },
			"what lists show of acme/web was altered",
		},
		"the host's settings altered": {
			func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketMeta)).Put([]byte(keyHost), []byte("{}")) },
			"host was altered",
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := audited(t)
			raw(t, store, tc.tamper)
			err := store.VerifyAudit(t.Context())
			if !errors.Is(err, ErrTampered) || !strings.HasSuffix(err.Error(), tc.want) {
				t.Errorf("error is %v, want ErrTampered: %s", err, tc.want)
			}
		})
	}
}

func alterFirst(bucket, key string) func(tx *bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		return b.Put([]byte(key), slices.Concat(b.Get([]byte(key)), []byte(" ")))
	}
}

func TestTheActorIsWhoLoggedIn(t *testing.T) {
	for name, tc := range map[string]struct {
		uid         int
		login, want string
	}{
		"root by sudo":                {0, "1000", "uid 0, login 1000"},
		"root who logged in":          {0, "0\n", "uid 0"},
		"a service, without a login":  {0, "4294967295", "uid 0"},
		"a kernel that does not tell": {1000, "", "uid 1000"},
		"nonsense":                    {1000, "x", "uid 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := describeActor(tc.uid, tc.login); got != tc.want {
				t.Errorf("actor is %q, want %q", got, tc.want)
			}
		})
	}
}

// A log of an earlier version tells of no operation that came with a reservation.
func TestAnOlderLogIsWhole(t *testing.T) {
	if err := olderLog(t).VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func olderLog(t *testing.T) *Bolt {
	t.Helper()
	store := audited(t)
	raw(t, store, func(tx *bolt.Tx) error {
		log, meta := tx.Bucket([]byte(bucketAudit)), tx.Bucket([]byte(bucketMeta))
		var kept []AuditEntry
		err := log.ForEach(func(_, value []byte) error {
			entry, err := decode[AuditEntry](value)
			if entry.Kind != "operation.put" {
				kept = append(kept, entry)
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := tx.DeleteBucket([]byte(bucketAudit)); err != nil {
			return err
		}
		if log, err = tx.CreateBucket([]byte(bucketAudit)); err != nil {
			return err
		}
		prev := ""
		for i, entry := range kept {
			entry.Seq, entry.Prev = uint64(i+1), prev
			value, err := seal(&entry)
			if err != nil {
				return err
			}
			if err := log.Put(auditKey(entry.Seq), value); err != nil {
				return err
			}
			prev = entry.Hash
		}
		return errors.Join(log.SetSequence(uint64(len(kept))), meta.Put([]byte(keyHead), []byte(prev)))
	})
	return store
}

func TestReadingTheLogKeepsNoWriterWaiting(t *testing.T) {
	store := audited(t)
	store.patience = time.Second
	other := Open(store.path)
	other.patience = time.Second
	err := store.readLong(t.Context(), func(tx *bolt.Tx) error {
		setLabMode(t, other)
		_, err := other.Update(t.Context(), testID, func(i *model.Instance) error { i.Failure = "written meanwhile"; return nil })
		return errors.Join(err, verify(tx))
	})
	if err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(store.path), "*copy*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left are %q, %v", left, err)
	}
}
