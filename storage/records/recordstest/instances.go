package recordstest

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/provisioner/model"
	"holm/storage/records"
)

var errRefused = errors.New("quota exceeded")

func testEmpty(t *testing.T, s Store) {
	if list, err := s.List(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("List: %v, %v", list, err)
	}
	if ops, err := s.Operations(t.Context(), ""); err != nil || len(ops) != 0 {
		t.Errorf("Operations: %v, %v", ops, err)
	}
	if host, err := s.Host(t.Context()); err != nil || !reflect.ValueOf(host).IsZero() {
		t.Errorf("Host: %v, %v", host, err)
	}
	if _, err := s.Instance(t.Context(), "acme", "web"); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("Instance: %v, want ErrNotFound", err)
	} else if !strings.Contains(err.Error(), `"web"`) || !strings.Contains(err.Error(), `"acme"`) {
		t.Errorf("error %q does not name the instance and the tenant", err)
	}
	_, err := s.Update(t.Context(), "000000000001", func(*model.Instance) error { return nil })
	if !errors.Is(err, records.ErrNotFound) || !strings.Contains(err.Error(), "000000000001") {
		t.Errorf("Update: %v, want ErrNotFound with the id", err)
	}
	if err := s.Drop(t.Context(), "000000000001"); err != nil {
		t.Errorf("Drop: %v", err)
	}
}

func testReserve(t *testing.T, s Store) {
	inst, op := Instance(1, "acme", "web")
	inst.Address = netip.Addr{}
	got, err := s.Reserve(t.Context(), inst, op, func(existing []model.Instance, inst *model.Instance) error {
		if len(existing) != 0 {
			t.Errorf("admission sees %v in an empty store", existing)
		}
		inst.Address = netip.MustParseAddr("10.77.0.10")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := inst
	want.Address = netip.MustParseAddr("10.77.0.10")
	same(t, "what Reserve returns", want, got)
	found, err := s.Instance(t.Context(), "acme", "web")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the instance", want, found)
	ops, err := s.Operations(t.Context(), inst.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the operations", []model.Operation{op}, ops)
	wantList(t, s, "", want)
}

func testNameTaken(t *testing.T, s Store) {
	first := reserve(t, s, 1, "acme", "web")
	second, op := Instance(2, "acme", "web")
	asked := false
	_, err := s.Reserve(t.Context(), second, op, func([]model.Instance, *model.Instance) error {
		asked = true
		return nil
	})
	if !errors.Is(err, records.ErrExists) {
		t.Fatalf("error is %v, want ErrExists", err)
	}
	if asked {
		t.Error("admission was asked about a name that is taken")
	}
	if !strings.Contains(err.Error(), `"web"`) || !strings.Contains(err.Error(), `"acme"`) {
		t.Errorf("error %q does not name the instance and the tenant", err)
	}
	wantList(t, s, "", first)
	wantOperations(t, s, second.ID)

	other := reserve(t, s, 3, "other", "web")
	wantList(t, s, "", first, other)
	if err := s.Drop(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	again := reserve(t, s, 4, "acme", "web")
	wantList(t, s, "", again, other)
}

func testNotAdmitted(t *testing.T, s Store) {
	inst, op := Instance(1, "acme", "web")
	_, err := s.Reserve(t.Context(), inst, op, func([]model.Instance, *model.Instance) error { return errRefused })
	if !errors.Is(err, errRefused) || err.Error() != errRefused.Error() {
		t.Fatalf("error is %v, want the callback's own", err)
	}
	wantList(t, s, "")
	wantOperations(t, s, "")
	reserve(t, s, 1, "acme", "web")
}

func testBadReservation(t *testing.T, s Store) {
	reserve(t, s, 9, "acme", "there")
	for name, spoil := range map[string]func(*model.Instance, *model.Operation){
		"no id":                         func(i *model.Instance, op *model.Operation) { i.ID, op.Instance = "", "" },
		"no name":                       func(i *model.Instance, _ *model.Operation) { i.Name = "" },
		"no tenant":                     func(i *model.Instance, _ *model.Operation) { i.Tenant = "" },
		"a NUL in the name":             func(i *model.Instance, _ *model.Operation) { i.Name = "a\x00b" },
		"a NUL in the tenant":           func(i *model.Instance, _ *model.Operation) { i.Tenant = "a\x00b" },
		"a name of 64 KiB":              func(i *model.Instance, _ *model.Operation) { i.Name = strings.Repeat("a", 64<<10) },
		"an operation without id":       func(_ *model.Instance, op *model.Operation) { op.ID = "" },
		"an operation of another":       func(_ *model.Instance, op *model.Operation) { op.Instance = "000000000002" },
		"an id that is taken":           func(i *model.Instance, op *model.Operation) { i.ID, op.Instance = "000000000009", "000000000009" },
		"a record of several megabytes": func(i *model.Instance, _ *model.Operation) { i.Failure = strings.Repeat("x", 4<<20) },
	} {
		inst, op := Instance(1, "acme", "web")
		spoil(&inst, &op)
		if _, err := s.Reserve(t.Context(), inst, op, admit); err == nil {
			t.Errorf("%s: no error", name)
		} else if len(err.Error()) > 500 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
	for name, change := range map[string]func(*model.Instance){
		"the id":     func(i *model.Instance) { i.ID = "000000000002" },
		"the name":   func(i *model.Instance) { i.Name = "there" },
		"the tenant": func(i *model.Instance) { i.Tenant = "other" },
	} {
		inst, op := Instance(1, "acme", "web")
		_, err := s.Reserve(t.Context(), inst, op, func(_ []model.Instance, i *model.Instance) error { change(i); return nil })
		if err == nil {
			t.Errorf("admission may change %s", name)
		}
	}
	if list, err := s.List(t.Context(), ""); err != nil || len(list) != 1 {
		t.Errorf("List: %v, %v, want only what was there", list, err)
	}
}

func testAdmissionSeesAll(t *testing.T, s Store) {
	var want []model.Instance
	for i, name := range []string{"a", "b", "c"} {
		want = append(want, reserve(t, s, i+1, "acme", name))
	}
	changed, err := s.Update(t.Context(), want[1].ID, func(i *model.Instance) error { i.State = model.Ready; return nil })
	if err != nil {
		t.Fatal(err)
	}
	want[1] = changed
	all, err := s.Instances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b model.Instance) int { return strings.Compare(a.ID, b.ID) })
	same(t, "all instances in full", want, all)
	inst, op := Instance(4, "other", "d")
	_, err = s.Reserve(t.Context(), inst, op, func(existing []model.Instance, _ *model.Instance) error {
		slices.SortFunc(existing, func(a, b model.Instance) int { return strings.Compare(a.ID, b.ID) })
		same(t, "what admission sees", want, existing)
		existing[0].Name = "spoiled" // it may do with the slice what it likes
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Instance(t.Context(), "acme", "a"); err != nil {
		t.Errorf("the callback's own copy changed the store: %v", err)
	}
}

func testUpdate(t *testing.T, s Store) {
	web, db := reserve(t, s, 1, "acme", "web"), reserve(t, s, 2, "acme", "db")
	got, err := s.Update(t.Context(), web.ID, func(i *model.Instance) error {
		same(t, "what the callback is given", web, *i)
		i.State, i.Failure, i.ChecksPassed, i.Nameservers = model.Ready, "", 24, nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := web
	want.State, want.Failure, want.ChecksPassed, want.Nameservers = model.Ready, "", 24, nil
	same(t, "what Update returns", want, got)
	wantList(t, s, "", db, want)
	found, err := s.Instance(t.Context(), "acme", "web")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the instance", want, found)

	unchanged, err := s.Update(t.Context(), web.ID, func(*model.Instance) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	same(t, "an update of nothing", want, unchanged)
}

func testUpdateFails(t *testing.T, s Store) {
	web := reserve(t, s, 1, "acme", "web")
	_, err := s.Update(t.Context(), web.ID, func(i *model.Instance) error { i.State = model.Failed; return errRefused })
	if !errors.Is(err, errRefused) || err.Error() != errRefused.Error() {
		t.Errorf("error is %v, want the callback's own", err)
	}
	for name, change := range map[string]func(*model.Instance){
		"id":     func(i *model.Instance) { i.ID = "000000000002" },
		"name":   func(i *model.Instance) { i.Name = "db" },
		"tenant": func(i *model.Instance) { i.Tenant = "other" },
	} {
		if _, err := s.Update(t.Context(), web.ID, func(i *model.Instance) error { change(i); return nil }); err == nil {
			t.Errorf("the %s could be changed", name)
		}
	}
	wantList(t, s, "", web)
}

func testPanic(t *testing.T, s Store) {
	web := reserve(t, s, 1, "acme", "web")
	func() {
		defer func() {
			if p := recover(); p != "mine" {
				t.Errorf("the panic that came through is %v, want the callback's", p)
			}
		}()
		_, _ = s.Update(t.Context(), web.ID, func(i *model.Instance) error { i.State = model.Failed; panic("mine") })
	}()
	wantList(t, s, "", web)
}

func testDrop(t *testing.T, s Store) {
	web, db := reserve(t, s, 1, "acme", "web"), reserve(t, s, 2, "acme", "db")
	for range 2 {
		if err := s.Drop(t.Context(), web.ID); err != nil {
			t.Fatal(err)
		}
		wantList(t, s, "", db)
		if _, err := s.Instance(t.Context(), "acme", "web"); !errors.Is(err, records.ErrNotFound) {
			t.Fatalf("Instance: %v, want ErrNotFound", err)
		}
	}
	again := reserve(t, s, 3, "acme", "web")
	if err := s.Drop(t.Context(), web.ID); err != nil { // its name now belongs to another id
		t.Fatal(err)
	}
	wantList(t, s, "", db, again)
}

func testList(t *testing.T, s Store) {
	a2 := reserve(t, s, 1, "a", "2")
	b1 := reserve(t, s, 2, "b", "1")
	a1 := reserve(t, s, 3, "a", "1")
	c := reserve(t, s, 4, "c", "0")
	wantList(t, s, "", a1, a2, b1, c)
	wantList(t, s, "a", a1, a2)
	wantList(t, s, "c", c)
	wantList(t, s, "none")
}

func testSimilarNames(t *testing.T, s Store) {
	one := reserve(t, s, 1, "a", "bc")
	two := reserve(t, s, 2, "ab", "c")
	three := reserve(t, s, 3, "a", "b")
	wantList(t, s, "a", three, one)
	wantList(t, s, "ab", two)
	wantList(t, s, "", three, one, two)
	if _, err := s.Instance(t.Context(), "a", "c"); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("a/c: %v, want ErrNotFound", err)
	}
}

func wantList(t *testing.T, s Store, tenant string, want ...model.Instance) {
	t.Helper()
	got, err := s.List(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	var summaries []model.Summary
	for _, inst := range want {
		summaries = append(summaries, model.Summarize(inst))
	}
	same(t, "the list of tenant "+tenant, summaries, got)
}

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
