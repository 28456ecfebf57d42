package recordstest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"holm/provisioner/model"
	"holm/storage/records"
)

// crowd is how many goroutines work at once.
const crowd = 20

func testSameNameAtOnce(t *testing.T, s Store) {
	var won atomic.Int32
	var wg sync.WaitGroup
	for n := range crowd {
		wg.Go(func() {
			inst, op := Instance(n+1, "acme", "web")
			switch _, err := s.Reserve(t.Context(), inst, op, admit); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, records.ErrExists):
				t.Errorf("reserve %d: %v, want ErrExists", n, err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d reservations of the same name won, want 1", won.Load())
	}
	list, err := s.List(t.Context(), "")
	if err != nil || len(list) != 1 {
		t.Fatalf("List: %v, %v, want one instance", list, err)
	}
	ops, err := s.Operations(t.Context(), "")
	if err != nil || len(ops) != 1 || ops[0].Instance != list[0].ID {
		t.Errorf("Operations: %v, %v, want the winner's", ops, err)
	}
}

func testAddressesAtOnce(t *testing.T, s Store) {
	lowestFree := func(existing []model.Instance, inst *model.Instance) error {
		taken := make(map[netip.Addr]bool)
		for _, other := range existing {
			taken[other.Address] = true
		}
		for n := 10; ; n++ {
			if inst.Address = netip.MustParseAddr(fmt.Sprintf("10.77.0.%d", n)); !taken[inst.Address] {
				return nil
			}
		}
	}
	var wg sync.WaitGroup
	for n := range crowd {
		wg.Go(func() {
			inst, op := Instance(n+1, "acme", fmt.Sprintf("web%02d", n))
			inst.Address = netip.Addr{}
			if _, err := s.Reserve(t.Context(), inst, op, lowestFree); err != nil {
				t.Errorf("reserve %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	list, err := s.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	addresses := make(map[netip.Addr]bool)
	for _, row := range list {
		addresses[row.Address] = true
	}
	for n := range crowd {
		if want := netip.MustParseAddr(fmt.Sprintf("10.77.0.%d", 10+n)); !addresses[want] {
			t.Errorf("nobody got %s: %v", want, addresses)
		}
	}
}

func testUpdatesAtOnce(t *testing.T, s Store) {
	web := reserve(t, s, 1, "acme", "web")
	var wg sync.WaitGroup
	for n := range crowd {
		wg.Go(func() {
			_, err := s.Update(t.Context(), web.ID, func(i *model.Instance) error { i.ChecksPassed++; return nil })
			if err != nil {
				t.Errorf("update %d: %v", n, err)
			}
			if _, err := s.List(t.Context(), ""); err != nil {
				t.Errorf("list %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	got, err := s.Instance(t.Context(), "acme", "web")
	if err != nil {
		t.Fatal(err)
	}
	if want := web.ChecksPassed + crowd; got.ChecksPassed != want {
		t.Errorf("counted %d, want %d", got.ChecksPassed, want)
	}
}

func testEndedContext(t *testing.T, s Store) {
	web := reserve(t, s, 1, "acme", "web")
	reason := errors.New("ctrl-c")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	db, op := Instance(2, "acme", "db")
	for name, method := range map[string]func() error{
		"Reserve":  func() error { _, err := s.Reserve(ctx, db, op, admit); return err },
		"Instance": func() error { _, err := s.Instance(ctx, "acme", "web"); return err },
		"Update": func() error {
			_, err := s.Update(ctx, web.ID, func(i *model.Instance) error { i.State = model.Failed; return nil })
			return err
		},
		"Drop": func() error { return s.Drop(ctx, web.ID) },
		"List": func() error { _, err := s.List(ctx, ""); return err },
		"Host": func() error { _, err := s.Host(ctx); return err },
		"SetHost": func() error {
			_, err := s.SetHost(ctx, func(h *model.Host) error { h.LabMode = true; return nil })
			return err
		},
		"PutOperation": func() error { return s.PutOperation(ctx, Operation(9, web.ID)) },
		"Operations":   func() error { _, err := s.Operations(ctx, ""); return err },
	} {
		if err := method(); !errors.Is(err, reason) {
			t.Errorf("%s: error is %v, want the cause of the context", name, err)
		}
	}
	wantList(t, s, "", web)
	wantOperations(t, s, "", Operation(1, web.ID))
}
