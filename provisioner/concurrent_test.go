package provisioner_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
)

// together runs n processes at the same time and returns what came of each.
func together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errs
}

func TestCreatesAtTheSameTimeGetAddressesOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	const n = 6
	made := make([]model.Instance, n)
	for _, err := range together(n, func(i int) (err error) {
		made[i], err = w.holm().Instances.Create(t.Context(), instances.Spec{Name: fmt.Sprintf("web%d", i)}, nil)
		return err
	}) {
		must(t, err)
	}
	seen := map[string]bool{}
	for _, inst := range made {
		for _, own := range []string{inst.ID, inst.UUID, inst.MAC, inst.Address.String()} {
			if seen[own] {
				t.Errorf("%s is shared", own)
			}
			seen[own] = true
		}
	}
	for i := 10; i < 10+n; i++ {
		if !seen[fmt.Sprintf("10.77.0.%d", i)] {
			t.Errorf("10.77.0.%d was left out", i)
		}
	}
	must(t, w.records.VerifyAudit(t.Context()))
}

func TestOfCreatesOfOneNameExactlyOneWins(t *testing.T) {
	w := newWorld(t)
	won := 0
	for _, err := range together(6, func(int) error {
		_, err := w.holm().Instances.Create(t.Context(), web(), nil)
		return err
	}) {
		switch fault.KindOf(err) {
		case fault.Exists, fault.Busy:
			refused(t, err, fault.KindOf(err), `"web"`, "holm ")
		default:
			must(t, err)
			won++
		}
	}
	list, err := w.holm().Instances.List(t.Context(), "")
	must(t, err)
	states, err := w.hyp.States(t.Context())
	must(t, err)
	if won != 1 || len(list) != 1 || len(states) != 2 {
		t.Errorf("%d won, and there are %d records and %d domains besides the decoy", won, len(list), len(states)-1)
	}
}

func TestOneNameInTwoTenantsIsTwoInstances(t *testing.T) {
	w := newWorld(t)
	for _, tenant := range []string{"acme", "bolt"} {
		w.tenant(tenant, tenants.Change{})
		_, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web", Tenant: tenant}, nil)
		must(t, err)
	}
	must(t, w.holm().Instances.Remove(t.Context(), "acme", "web", nil))
	rows, err := w.holm().Instances.List(t.Context(), "")
	must(t, err)
	if len(rows) != 1 || rows[0].Tenant != "bolt" || rows[0].Status != "ready" {
		t.Errorf("got %+v", rows)
	}
}

func TestTheLastOfRemovalsAtTheSameTimeTakesTheNetworkAway(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	const n = 4
	for i := range n {
		w.created(fmt.Sprintf("web%d", i))
	}
	// All of them have looked for others before the first one is gone.
	var met sync.WaitGroup
	met.Add(n)
	w.at("destroy.network.before", func() { met.Done(); met.Wait() })
	for _, err := range together(n, func(i int) error {
		return w.holm().Instances.Remove(t.Context(), "default", fmt.Sprintf("web%d", i), nil)
	}) {
		must(t, err)
	}
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("something was left: %s", diff)
	}
}

func TestTheLastOfCreatesThatFailAtTheSameTimeTakesTheNetworkAway(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	w.failing("Start")
	const n = 3
	var met sync.WaitGroup
	met.Add(n)
	w.at("create.network.undo.after", func() { met.Done(); met.Wait() })
	for _, err := range together(n, func(i int) error {
		_, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: fmt.Sprintf("web%d", i)}, nil)
		return err
	}) {
		refused(t, err, fault.Unfit, "started")
	}
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("something was left: %s", diff)
	}
}

// atWork runs do while another process works on web, and lets that one go on when do has returned or waits.
func atWork(t *testing.T, do func(w *world, letGo func())) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		goOn, once := make(chan struct{}), sync.Once{}
		w.at("create.defined.after", func() { <-goOn })
		var other sync.WaitGroup
		other.Go(func() {
			if _, err := w.holm().Instances.Create(t.Context(), web(), nil); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		letGo := func() { once.Do(func() { close(goOn) }) }
		do(w, letGo)
		letGo()
		other.Wait()
	})
}

func TestWhoComesWhileAnotherHolmIsAtWorkIsToldToWait(t *testing.T) {
	atWork(t, func(w *world, _ func()) {
		ctx, holm := w.t.Context(), w.holm()
		_, create := holm.Instances.Create(ctx, web(), nil)
		_, start := holm.Instances.Start(ctx, "default", "web", nil)
		_, restart := holm.Instances.Restart(ctx, "default", "web", nil)
		for _, err := range []error{
			create, start, restart, holm.Instances.Stop(ctx, "default", "web", true, nil), holm.Instances.Remove(ctx, "default", "web", nil),
		} {
			refused(w.t, err, fault.Busy, "another holm is at work", "holm wait web")
		}
		view, err := holm.Instances.Show(ctx, "default", "web")
		must(w.t, err)
		if view.Status != "creating" {
			w.t.Errorf("looking finds it %s", view.Status)
		}
	})
}

func TestWaitWaitsForAnotherHolm(t *testing.T) {
	atWork(t, func(w *world, letGo func()) {
		time.AfterFunc(3*time.Second, letGo)
		inst, err := w.holm().Instances.Wait(w.t.Context(), "default", "web", nil)
		must(w.t, err)
		if inst.State != model.Ready {
			w.t.Errorf("it is %s", inst.State)
		}
	})
}

func TestWaitGivesUpOnAnotherHolmInTime(t *testing.T) {
	atWork(t, func(w *world, _ func()) {
		ctx, cancel := patience(w.t)
		defer cancel()
		_, err := w.holm().Instances.Wait(ctx, "default", "web", nil)
		refused(w.t, err, fault.Failure, "another holm is at work", "the time is up", "holm wait web")
	})
}
