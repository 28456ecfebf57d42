package records

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// archiveUpTo drops the entries of a store up to one of them.
func archiveUpTo(t *testing.T, store *Bolt, seq uint64) {
	t.Helper()
	from, _, err := store.AuditEnds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.DropArchived(t.Context(), from.Mark, markAt(t, store, seq), "audit.jsonl"); err != nil {
		t.Fatal(err)
	}
}

func markAt(t *testing.T, store *Bolt, seq uint64) Mark {
	t.Helper()
	all, err := store.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Seq == seq {
			return Mark{Seq: seq, Head: e.Hash}
		}
	}
	t.Fatalf("there is no entry %d", seq)
	return Mark{}
}

func TestALogIsWholeWhereverItWasArchived(t *testing.T) {
	for seq := uint64(1); seq <= 8; seq++ {
		t.Run(fmt.Sprint(seq), func(t *testing.T) {
			store := audited(t)
			archiveUpTo(t, store, seq)
			entries, err := store.Audit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) != int(9-seq) || entries[0].Seq != seq+1 {
				t.Errorf("left are %d entries from %d on", len(entries), entries[0].Seq)
			}
			last := entries[len(entries)-1]
			if last.Kind != "audit.archive" || last.Note != fmt.Sprintf("entries 1 to %d are in audit.jsonl", seq) {
				t.Errorf("the last one is %+v", last)
			}
			if err := store.VerifyAudit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Update(t.Context(), testID, func(i *model.Instance) error { i.Failure = "later"; return nil }); err != nil {
				t.Fatal(err)
			}
			archiveUpTo(t, store, 10) // with the entry that tells of the first archive
			if err := store.Drop(t.Context(), testID); err != nil {
				t.Fatal(err)
			}
			if err := store.VerifyAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAProcessKilledWhileItArchivesLeavesAWholeLog(t *testing.T) {
	store := newStore(t)
	setLabMode(t, store)
	for range 3 {
		p := start(t, "archive", store.path)
		dropped := 0
		for range 4 {
			dropped, _ = strconv.Atoi(p.line(t))
		}
		if err := p.Process.Kill(); err != nil { // at whatever point it is
			t.Fatal(err)
		}
		_ = p.Wait() // "signal: killed", as intended
		if err := store.VerifyAudit(t.Context()); err != nil {
			t.Error(err)
		}
		from, end, err := store.AuditEnds(t.Context())
		if err != nil || from.Seq < uint64(dropped) || end.Seq <= from.Seq {
			t.Errorf("it goes from %d to %d, and %d were dropped (%v)", from.Seq, end.Seq, dropped, err)
		}
	}
}

func TestAFileWithABaseIsOfASchemaThatOlderVersionsRefuse(t *testing.T) {
	store := audited(t)
	schemaIs := func() (is string) {
		raw(t, store, func(tx *bolt.Tx) error { is = string(tx.Bucket([]byte(bucketMeta)).Get([]byte(keySchema))); return nil })
		return is
	}
	if got := schemaIs(); got != "2" {
		t.Errorf("without a base it is of %s, want that which older versions open", got)
	}
	archiveUpTo(t, store, 8)
	setLabMode(t, store)
	if got := schemaIs(); got != "3" {
		t.Errorf("with a base it is of %s, which older versions take for a log that was cut", got)
	}
}

func TestWhatIsNotWhatWasArchivedIsNotDropped(t *testing.T) {
	store := audited(t)
	good := markAt(t, store, 5)
	for name, c := range map[string]struct {
		from, upTo Mark
		want       error
	}{
		"another beginning":   {Mark{1, "ab"}, good, ErrMoved},
		"another history":     {Mark{}, Mark{5, "ab"}, ErrTampered},
		"more than there is":  {Mark{}, Mark{9, good.Head}, ErrTampered},
		"another one's entry": {Mark{}, Mark{4, good.Head}, ErrTampered},
		"nothing":             {Mark{}, Mark{}, nil},
	} {
		err := store.DropArchived(t.Context(), c.from, c.upTo, "x")
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if entries, err := store.Audit(t.Context()); err != nil || len(entries) != 8 {
		t.Errorf("there are %d entries, %v", len(entries), err)
	}
	if err := store.DropArchived(t.Context(), Mark{}, good, "x"); err != nil {
		t.Fatal(err)
	}
	if err := store.DropArchived(t.Context(), Mark{}, good, "x"); !errors.Is(err, ErrMoved) {
		t.Errorf("of two at once the second: %v, want ErrMoved", err)
	}
	if err := store.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnyFlippedByteOfTheBaseIsFound(t *testing.T) {
	store := audited(t)
	archiveUpTo(t, store, 7)
	enough := errors.New("roll back")
	db, err := bolt.Open(store.path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Update(func(tx *bolt.Tx) error {
		if err := verify(tx); err != nil {
			t.Error(err)
		}
		flipEach(t, tx, tx.Bucket([]byte(bucketMeta)), []byte(keyBase))
		contents, n := tx.Bucket([]byte(bucketBase)), 0
		var keys [][]byte
		_ = contents.ForEach(func(key, _ []byte) error { keys = append(keys, bytes.Clone(key)); return nil })
		for _, key := range keys {
			flipEach(t, tx, contents, key)
			n++
		}
		if n < 4 {
			t.Errorf("the base knows of %d objects", n)
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

func flipEach(t *testing.T, tx *bolt.Tx, bucket *bolt.Bucket, key []byte) {
	t.Helper()
	whole := bytes.Clone(bucket.Get(key))
	for i := range whole {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 1
		if err := bucket.Put(key, flipped); err != nil {
			t.Fatal(err)
		}
		if verify(tx) == nil {
			t.Errorf("%s: byte %d flipped to %q was not found", key, i, flipped[i])
		}
	}
	if err := bucket.Put(key, whole); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyAuditFindsWhatWasDoneBehindAnArchive(t *testing.T) {
	in := func(bucket string, key []byte, value string) func(*bolt.Tx) error {
		return func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucket)).Put(key, []byte(value)) }
	}
	out := func(bucket string, key []byte) func(*bolt.Tx) error {
		return func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucket)).Delete(key) }
	}
	for name, tc := range map[string]struct {
		tamper func(tx *bolt.Tx) error
		want   string
	}{
		"the base taken away":         {out(bucketMeta, []byte(keyBase)), "audit entry 1 is missing or out of its place"},
		"the base unreadable":         {in(bucketMeta, []byte(keyBase), "{"), "the base of the audit log cannot be read: unexpected end of JSON input"},
		"a content taken away":        {out(bucketBase, []byte("host")), "what the base of the audit log says of the records was altered"},
		"a content put in":            {in(bucketBase, []byte("pool/fast"), "ab"), "what the base of the audit log says of the records was altered"},
		"an instance made doubtful":   {in(bucketBase, []byte(untoldObject+testID), "1"), "what the base of the audit log says of the records was altered"},
		"all contents taken away":     {func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte(bucketBase)) }, "what the base of the audit log says of the records was altered"},
		"the next entry taken away":   {out(bucketAudit, auditKey(8)), "audit entry 8 is missing or out of its place"},
		"the last one taken away":     {out(bucketAudit, auditKey(9)), "audit entries after 8 are missing"},
		"an instance altered":         {alterFirst(bucketInstances, testID), "instance/0123456789ab was altered"},
		"an instance put back":        {in(bucketInstances, []byte("bbbbbbbbbbbb"), "{}"), "instance/bbbbbbbbbbbb was altered"},
		"an instance taken away":      {out(bucketInstances, []byte(testID)), "instance/0123456789ab is gone"},
		"an operation altered":        {alterFirst(bucketOperations, testID+"\x001"), "operation/0123456789ab/1 was altered"},
		"an operation put in":         {in(bucketOperations, operationKey(testID, "9"), "{}"), "operation/0123456789ab/9 was altered"},
		"an operation taken away":     {out(bucketOperations, operationKey("bbbbbbbbbbbb", "2")), "operation/bbbbbbbbbbbb/2 is gone"},
		"the host's settings altered": {in(bucketMeta, []byte(keyHost), "{}"), "host was altered"},
	} {
		t.Run(name, func(t *testing.T) {
			store := audited(t)
			archiveUpTo(t, store, 7)
			raw(t, store, tc.tamper)
			err := store.VerifyAudit(t.Context())
			if !errors.Is(err, ErrTampered) || !strings.HasSuffix(err.Error(), tc.want) {
				t.Errorf("error is %v, want ErrTampered: %s", err, tc.want)
			}
			called := false
			if err := store.WholeAudit(t.Context(), func(WholeLog) error { called = true; return nil }); err == nil || called {
				t.Errorf("it is used all the same: %v", err)
			}
		})
	}
}

// Whoever rewrites the base seals the entry that tells of it anew, and all that follow: then the log ends with another hash.
func TestABaseThatIsRewrittenWithTheLogChangesItsHead(t *testing.T) {
	store := audited(t)
	archiveUpTo(t, store, 7)
	_, before, err := store.AuditEnds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw(t, store, func(tx *bolt.Tx) error {
		contents, meta := tx.Bucket([]byte(bucketBase)), tx.Bucket([]byte(bucketMeta))
		if err := errors.Join(contents.Put([]byte("host"), []byte(digest([]byte("{}")))), meta.Put([]byte(keyHost), []byte("{}"))); err != nil {
			return err
		}
		b, err := base(tx)
		if err != nil {
			return err
		}
		b.Contents = digestOf(contents)
		value, err := encode(b)
		if err != nil {
			return err
		}
		last, err := decode[AuditEntry](tx.Bucket([]byte(bucketAudit)).Get(auditKey(9)))
		if err != nil {
			return err
		}
		last.Content = digest(value)
		sealed, err := seal(&last)
		return errors.Join(err, meta.Put([]byte(keyBase), value), tx.Bucket([]byte(bucketAudit)).Put(auditKey(9), sealed), meta.Put([]byte(keyHead), []byte(last.Hash)))
	})
	if err := store.VerifyAudit(t.Context()); err != nil {
		t.Errorf("root rewrote all of it, and well: %v", err)
	}
	if _, after, err := store.AuditEnds(t.Context()); err != nil || after.Head == before.Head || after.Seq != before.Seq {
		t.Errorf("the log ended with %+v and ends with %+v (%v): a checkpoint would not tell", before, after, err)
	}
}

func TestTheEndOfALogIsReadAlone(t *testing.T) {
	store := audited(t)
	raw(t, store, func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketAudit)).Put(auditKey(1), []byte("{")) })
	got, err := store.AuditTail(t.Context(), 2)
	if err != nil || len(got) != 2 || got[0].Seq != 7 || got[1].Seq != 8 {
		t.Errorf("the last two are %+v, %v", got, err)
	}
	if _, end, err := store.AuditEnds(t.Context()); err != nil || end.Seq != 8 || end.Head != got[1].Hash {
		t.Errorf("it ends with %+v, %v", end, err)
	}
	if got, err := store.AuditTail(t.Context(), 100); err == nil {
		t.Errorf("the unreadable first was read: %+v", got)
	}
}

// What an older version has not told of may be there after an archive as well, and what it told to be gone may not.
func TestAnOlderLogIsWholeWhereverItWasArchived(t *testing.T) {
	for seq := uint64(1); seq <= 5; seq++ {
		t.Run(fmt.Sprint(seq), func(t *testing.T) {
			store := olderLog(t)
			archiveUpTo(t, store, seq)
			if err := store.VerifyAudit(t.Context()); err != nil {
				t.Error(err)
			}
			raw(t, store, func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucketOperations)).Put(operationKey("cccccccccccc", "9"), []byte("{}"))
			})
			if err := store.VerifyAudit(t.Context()); err == nil {
				t.Error("an operation of an instance of which the log never knew is not found")
			}
		})
	}
}

func TestABaseComesBackAsItWas(t *testing.T) {
	store := audited(t)
	archiveUpTo(t, store, 7)
	from, end, err := store.AuditEnds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Base{Mark: from.Mark, Time: store.now(), Object: "operation/0123456789ab/1", Archived: store.now(), Contents: from.Contents}
	if diff := cmp.Diff(want, from); diff != "" || from.Seq != 7 || end.Seq != 9 || len(from.Contents) != 64 {
		t.Errorf("it ends with %d; the base (-want +got):\n%s", end.Seq, diff)
	}
}
