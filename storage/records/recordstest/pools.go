package recordstest

import (
	"errors"
	"testing"
	"time"

	"holm/provisioner/model"
	"holm/storage/records"
)

func pool(name string) model.Pool {
	made := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	return model.Pool{
		Name: name, Path: "/srv/" + name, Backend: "qcow2", FSType: "xfs", FSUUID: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
		Require: []string{"nvme", "raid10"}, Added: made, PromisedPeak: 1 << 40, UsedPeak: 1 << 30,
		Health: model.PoolHealth{Status: model.PoolDegraded, Why: "md0: 1 of 4 members is missing", Since: made},
	}
}

func anyPool([]model.Pool) error { return nil }

func testPools(t *testing.T, s Store) {
	if all, err := s.Pools(t.Context()); err != nil || len(all) > 0 {
		t.Fatalf("an empty store has the pools %v, %v", all, err)
	}
	for _, name := range []string{"slow", "fast"} {
		if err := s.AddPool(t.Context(), pool(name), anyPool); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Pools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the pools", []model.Pool{pool("fast"), pool("slow")}, all)

	want := pool("fast")
	want.Health = model.PoolHealth{Status: model.PoolHealthy, Since: want.Added}
	got, err := s.UpdatePool(t.Context(), "fast", func(p *model.Pool) error { p.Health = want.Health; return nil })
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what UpdatePool returns", want, got)
	if _, err := s.UpdatePool(t.Context(), "fast",
		func(p *model.Pool) error { p.Path = "/"; return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	if _, err := s.UpdatePool(t.Context(), "fast", func(p *model.Pool) error { p.Name = "slow"; return nil }); err == nil {
		t.Error("one pool took the name of another")
	}
	got, err = s.Pool(t.Context(), "fast")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the pool", want, got)
	if _, err := s.Pool(t.Context(), "gone"); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("a pool that there is not: %v", err)
	}
	if _, err := s.UpdatePool(t.Context(), "gone", func(*model.Pool) error { return nil }); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("a change of a pool that there is not: %v", err)
	}
}

func testPoolNameTaken(t *testing.T, s Store) {
	if err := s.AddPool(t.Context(), pool("fast"), anyPool); err != nil {
		t.Fatal(err)
	}
	if err := s.AddPool(t.Context(), pool("fast"), anyPool); !errors.Is(err, records.ErrExists) {
		t.Errorf("the same name again: %v, want ErrExists", err)
	}
	err := s.AddPool(t.Context(), pool("slow"), func(existing []model.Pool) error {
		same(t, "what admission sees", []model.Pool{pool("fast")}, existing)
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	if err := s.AddPool(t.Context(), pool(""), anyPool); err == nil {
		t.Error("a pool without a name was taken")
	}
	all, err := s.Pools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the pools", []model.Pool{pool("fast")}, all)
}

func testPoolInUse(t *testing.T, s Store) {
	inst, op := Instance(1, "acme", "web")
	inst.Pool = "fast"
	if _, err := s.Reserve(t.Context(), inst, op, admit); !errors.Is(err, records.ErrNotFound) {
		t.Fatalf("reserved in a pool that there is not: %v", err)
	}
	if err := s.AddPool(t.Context(), pool("fast"), anyPool); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reserve(t.Context(), inst, op, admit); err != nil {
		t.Fatal(err)
	}
	reserve(t, s, 2, "acme", "elsewhere")
	err := s.DropPool(t.Context(), "fast", func(living []model.Instance) error {
		same(t, "who lives in it", []model.Instance{inst}, living)
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	if err := s.Drop(t.Context(), inst.ID); err != nil {
		t.Fatal(err)
	}
	nobody := func(living []model.Instance) error {
		if len(living) > 0 {
			t.Errorf("%d instances live in the pool, want none", len(living))
		}
		return nil
	}
	if err := s.DropPool(t.Context(), "fast", nobody); err != nil {
		t.Fatal(err)
	}
	if err := s.DropPool(t.Context(), "fast", nobody); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("dropped twice: %v, want ErrNotFound", err)
	}
}

func testPromised(t *testing.T, s Store) {
	fast := pool("fast")
	fast.PromisedPeak = 0
	if err := s.AddPool(t.Context(), fast, anyPool); err != nil {
		t.Fatal(err)
	}
	peak := func(gib uint64) {
		t.Helper()
		got, err := s.Pool(t.Context(), "fast")
		if err != nil {
			t.Fatal(err)
		}
		if got.PromisedPeak != gib<<30 {
			t.Errorf("the most that was promised is %d GiB, want %d", got.PromisedPeak>>30, gib)
		}
	}
	for n := 1; n <= 2; n++ {
		inst, op := Instance(n, "acme", string(rune('a'+n)))
		inst.Pool = "fast"
		if _, err := s.Reserve(t.Context(), inst, op, admit); err != nil {
			t.Fatal(err)
		}
	}
	reserve(t, s, 3, "acme", "elsewhere")
	peak(40)
	first, _ := Instance(1, "acme", "b")
	if err := s.Drop(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	peak(40)
	inst, op := Instance(4, "acme", "refused")
	inst.Pool, inst.Flavor.DiskGiB = "fast", 100
	_, err := s.Reserve(t.Context(), inst, op, func([]model.Instance, *model.Instance) error { return errRefused })
	if !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	peak(40)
}

func testResize(t *testing.T, s Store) {
	if err := s.AddPool(t.Context(), pool("fast"), anyPool); err != nil {
		t.Fatal(err)
	}
	inst, op := Instance(1, "acme", "web")
	inst.Pool = "fast"
	if _, err := s.Reserve(t.Context(), inst, op, admit); err != nil {
		t.Fatal(err)
	}
	other := reserve(t, s, 2, "acme", "other")
	op.ID, op.Kind = op.ID[:16]+"-9999", "resize"
	grow := func(others []model.Instance, i *model.Instance) error {
		same(t, "the others", []model.Instance{other}, others)
		i.Flavor.DiskGiB = 2048
		return nil
	}
	for range 2 { // the second time it is that size already, and the operation is the news
		got, err := s.Resize(t.Context(), inst.ID, op, grow)
		if err != nil {
			t.Fatal(err)
		}
		if got.Flavor.DiskGiB != 2048 {
			t.Errorf("the record says %d GiB", got.Flavor.DiskGiB)
		}
		op.Error = "again"
	}
	ops, err := s.Operations(t.Context(), inst.ID)
	if err != nil || len(ops) != 2 || ops[1].Kind != "resize" || ops[1].Error != "again" {
		t.Errorf("the operations are %+v, %v", ops, err)
	}
	if p, err := s.Pool(t.Context(), "fast"); err != nil || p.PromisedPeak != 2048<<30 {
		t.Errorf("the most that was promised is %d GiB, %v", p.PromisedPeak>>30, err)
	}
	for name, change := range map[string]func([]model.Instance, *model.Instance) error{
		"that is not admitted":     func([]model.Instance, *model.Instance) error { return errRefused },
		"that renames":             func(_ []model.Instance, i *model.Instance) error { i.Name = "x"; return nil },
		"that moves to a new pool": func(_ []model.Instance, i *model.Instance) error { i.Pool = ""; return nil },
	} {
		if _, err := s.Resize(t.Context(), inst.ID, op, change); err == nil {
			t.Errorf("a resize %s was made", name)
		}
	}
	if _, err := s.Resize(t.Context(), other.ID, op, grow); err == nil {
		t.Error("an operation of another instance was taken")
	}
	op.Instance = "00000000dead"
	if _, err := s.Resize(t.Context(), op.Instance, op, grow); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("a resize of what is not there: %v", err)
	}
}
