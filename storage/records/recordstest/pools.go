package recordstest

import (
	"errors"
	"testing"
	"time"

	"holm/storage/records"
)

func pool(name string) records.Pool {
	made := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	return records.Pool{
		Name: name, Path: "/srv/" + name, Backend: "qcow2", FSType: "xfs", FSUUID: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
		Require: []string{"nvme", "raid10"}, Added: made, PromisedPeak: 1 << 40, UsedPeak: 1 << 30,
		Health: records.PoolHealth{Status: records.PoolDegraded, Why: "md0: 1 of 4 members is missing", Since: made},
	}
}

func anyPool([]records.Pool) error { return nil }

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
	same(t, "the pools", []records.Pool{pool("fast"), pool("slow")}, all)

	want := pool("fast")
	want.Health = records.PoolHealth{Status: records.PoolHealthy, Since: want.Added}
	got, err := s.UpdatePool(t.Context(), "fast", func(p *records.Pool) error { p.Health = want.Health; return nil })
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what UpdatePool returns", want, got)
	if _, err := s.UpdatePool(t.Context(), "fast", func(p *records.Pool) error { p.Path = "/"; return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	if _, err := s.UpdatePool(t.Context(), "fast", func(p *records.Pool) error { p.Name = "slow"; return nil }); err == nil {
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
	if _, err := s.UpdatePool(t.Context(), "gone", func(*records.Pool) error { return nil }); !errors.Is(err, records.ErrNotFound) {
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
	err := s.AddPool(t.Context(), pool("slow"), func(existing []records.Pool) error {
		same(t, "what admission sees", []records.Pool{pool("fast")}, existing)
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
	same(t, "the pools", []records.Pool{pool("fast")}, all)
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
	err := s.DropPool(t.Context(), "fast", func(living []records.Instance) error {
		same(t, "who lives in it", []records.Instance{inst}, living)
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	if err := s.Drop(t.Context(), inst.ID); err != nil {
		t.Fatal(err)
	}
	nobody := func(living []records.Instance) error {
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
