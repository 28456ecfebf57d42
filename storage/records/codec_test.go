package records

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

func fullSummary() model.Summary {
	return model.Summary{
		ID: testID, Name: "web", Tenant: "acme", State: model.Ready, Address: netip.MustParseAddr("10.77.0.12"), Flavor: "small", Profile: "docker",
		Image: "sha256:" + strings.Repeat("41be", 16), ImageName: "debian-13", Unlocked: true, Accel: "kvm",
		UUID:    "0d5f1a9e-5a0c-4a1e-9b57-1d7c5f0c2a11",
		Created: time.Date(2025, 3, 1, 12, 0, 0, 123456789, time.UTC), ChecksPassed: 24, ChecksTotal: 25,
		BootID: "0d9f1f9c-5d5c-4b3a-9f5e-0123456789ab", Unverified: true,
	}
}

func TestSummariesComeBackAsTheyWere(t *testing.T) {
	hostile := fullSummary()
	hostile.Name, hostile.Tenant, hostile.ChecksPassed = "a\x00\n\xff", strings.Repeat("x", 70_000), -1
	elsewhere := fullSummary()
	elsewhere.Created = elsewhere.Created.In(time.FixedZone("far", 3600))
	for name, s := range map[string]model.Summary{
		"one with everything":   fullSummary(),
		"one with nothing":      {},
		"one of hostile values": hostile,
		"a time elsewhere":      elsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decodeSummary(encodeSummary(s))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(s, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryPartOfASummaryIsRefused(t *testing.T) {
	whole := encodeSummary(fullSummary())
	for n := range whole {
		if _, err := decodeSummary(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were accepted", n, len(whole))
		}
	}
	if _, err := decodeSummary(append(whole, 0)); err == nil {
		t.Error("a byte too many was accepted")
	}
}

func TestSummariesOfTheFirstFormatAreRead(t *testing.T) {
	want := model.Summary{ID: "id", Name: "web", Tenant: "acme", Created: time.Unix(7, 8).UTC(), ChecksPassed: 3, ChecksTotal: 4, Unlocked: true}
	stored := []byte("\x01\x02id\x03web\x04acme" + strings.Repeat("\x00", 8) + "\x02\x0e\x10\x06\x08")
	got, err := decodeSummary(stored)
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range [][]byte{append([]byte{0}, stored[1:]...), append([]byte{3}, stored[1:]...), append(stored, 0)} {
		if _, err := decodeSummary(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func FuzzDecodeSummary(f *testing.F) {
	f.Add(encodeSummary(fullSummary()))
	f.Add(encodeSummary(model.Summary{}))
	f.Add([]byte{summaryFormat, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		s, err := decodeSummary(value)
		if err != nil {
			return
		}
		again, err := decodeSummary(encodeSummary(s))
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		if diff := cmp.Diff(s, again, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}

func FuzzDecodeRecords(f *testing.F) {
	f.Add([]byte(`{"id":"0123456789ab","created":"2025-03-01T12:00:00Z","nameservers":["9.9.9.9"]}`))
	f.Add([]byte(`{"seq":7,"head":"ab","time":"2025-03-01T12:00:00Z","object":"host","archived":"2025-03-01T12:00:00Z","contents":"ab"}`))
	f.Add([]byte(`{"id":1}`))
	f.Add([]byte(`{"created":"9999999999-01-01T00:00:00Z"}`))
	f.Add([]byte(`[[[[[[`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, value []byte) {
		roundTrip[model.Instance](t, value)
		roundTrip[model.Operation](t, value)
		roundTrip[AuditEntry](t, value)
		roundTrip[model.Host](t, value)
		roundTrip[Base](t, value)
	})
}

func roundTrip[T any](t *testing.T, value []byte) {
	t.Helper()
	record, err := decode[T](value)
	if err != nil {
		return
	}
	stored, err := encode(record)
	if err != nil {
		return // a year that JSON cannot say
	}
	again, err := decode[T](stored)
	if err != nil {
		t.Fatalf("%s cannot be read again: %v", stored, err)
	}
	last, err := encode(again)
	if err != nil || string(last) != string(stored) {
		t.Errorf("first %s\nagain %s (%v)", stored, last, err)
	}
}

func TestOversizedRecordsAreNeitherStoredNorRead(t *testing.T) {
	if _, err := encode(model.Instance{Failure: strings.Repeat("x", maxRecord)}); err == nil {
		t.Error("one was stored")
	}
	if _, err := decode[model.Instance]([]byte(`{"failure":"` + strings.Repeat("x", maxRecord) + `"}`)); err == nil {
		t.Error("one was read")
	}
}

// fill stores n instances in one transaction; Reserve would read all that exist each time.
func fill(tb testing.TB, store *Bolt, n int) {
	tb.Helper()
	err := store.write(tb.Context(), func(tx *bolt.Tx) (c change, err error) {
		for i := range n {
			inst := model.Instance{
				ID: fmt.Sprintf("%012x", i), Tenant: fmt.Sprintf("tenant%02d", i%50), Name: fmt.Sprintf("web%05d", i),
				State: model.Ready, Address: netip.MustParseAddr("10.77.0.12"), Flavor: model.Flavor{Name: "small"}, Profile: "docker", Accel: "kvm",
				Image: fullSummary().Image, ImageName: "debian-13", Created: fullSummary().Created, ChecksPassed: 24, ChecksTotal: 24,
			}
			if err := tx.Bucket([]byte(bucketNames)).Put(nameKey(inst.Tenant, inst.Name), []byte(inst.ID)); err != nil {
				return change{}, err
			}
			if c, err = putInstance(tx, inst, "reserve"); err != nil {
				return change{}, err
			}
		}
		return c, nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkList10000 is what `holm ls` costs in the store, opening the file included. The goal is 50 ms.
func BenchmarkList10000(b *testing.B) {
	store := Open(b.TempDir() + "/holm.db")
	fill(b, store, 10_000)
	for b.Loop() {
		list, err := store.List(b.Context(), "")
		if err != nil || len(list) != 10_000 {
			b.Fatalf("%d instances, %v", len(list), err)
		}
	}
}

// BenchmarkPutOperation is what journaling a step costs: one transaction, made durable.
func BenchmarkPutOperation(b *testing.B) {
	store := Open(b.TempDir() + "/holm.db")
	fill(b, store, 100)
	n := 0
	for b.Loop() {
		n++
		op := model.Operation{ID: "1", Kind: "create", Instance: testID, Status: model.Running, Error: fmt.Sprint(n)}
		if err := store.PutOperation(b.Context(), op); err != nil {
			b.Fatal(err)
		}
	}
}
