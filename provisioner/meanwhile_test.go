package provisioner_test

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/provisioner/tenants"
)

// once is an observer that does something when a create has been admitted, and before it is reserved.
func once(do func()) operations.Observer {
	return func(e operations.Event) {
		if e.Step == "admitted" && e.Phase == operations.Finished {
			do()
		}
	}
}

func TestWhatACreateWasAdmittedByHoldsWhenItIsReserved(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(w *world)
		word      string
	}{
		"the host has another network": {func(w *world) {
			n, err := network.Named("holm-b", "10.78.0.0/24")
			must(w.t, err)
			_, err = w.records.SetHost(w.t.Context(), func(h *model.Host) error {
				h.Network, h.Subnet = n.Name, n.Subnet
				return nil
			}, networks.MayHaveNetwork(n))
			must(w.t, err)
		}, "another network"},
		"its tenant was made anew": {func(w *world) {
			must(w.t, w.holm().Tenants.Remove(w.t.Context(), "acme"))
			w.tenant("acme", tenants.Change{})
		}, "made anew"},
		"its tenant's data may not lie here": {func(w *world) {
			must1(w.t)(w.holm().Tenants.Set(w.t.Context(), "acme", tenants.Change{Residency: new("NO")}))
		}, "may lie in NO only"},
		"lab mode is off": {func(w *world) {
			must1(w.t)(w.records.SetHost(w.t.Context(), func(h *model.Host) error { h.LabMode = false; return nil }))
		}, "lab mode is off"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.capacity.KVM = false
			must1(t)(w.records.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = true; return nil }))
			w.tenant("acme", tenants.Change{AuthorizedKeys: manyKeys(1)})
			before := w.inventory()
			_, err := w.holm().Instances.Create(t.Context(), ofAcme("web"), once(func() { c.meanwhile(w) }))
			if err == nil {
				t.Fatal("it was made by what was so before")
			}
			refused(t, err, fault.KindOf(err), c.word)
			if diff := cmp.Diff(before, w.inventory()); diff != "" {
				t.Errorf("something is left (-before +after):\n%s", diff)
			}
		})
	}
}

func TestTheHostsNetworkStaysWhileSomebodyHasAPartOfIt(t *testing.T) {
	w := newWorld(t)
	w.tenant("acme", tenants.Change{Subnet: new("10.78.0.0/24")})
	set := func(name, subnet string) error {
		n, err := network.Named(name, subnet)
		must(t, err)
		_, err = w.records.SetHost(t.Context(), func(h *model.Host) error {
			h.Network, h.Subnet = name, netip.MustParsePrefix(subnet)
			return nil
		}, networks.MayHaveNetwork(n))
		return err
	}
	refused(t, set("holm-b", "10.78.0.0/16"), fault.Exists, `tenant "acme"`)
	w.created("web")
	refused(t, set("holm-b", "10.79.0.0/24"), fault.Busy, "while there are instances")
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	must(t, set("holm-b", "10.79.0.0/24"))
	_, err := w.holm().Tenants.Add(t.Context(), "bolt", tenants.Change{}) // by a holm that has read the old one
	refused(t, err, fault.Busy, "the host has another network")
}

func TestThePoolOfTheHostIsOneThatThereIs(t *testing.T) {
	w, _ := fast(t, whole)
	set := func() error {
		_, err := w.records.SetHost(t.Context(), func(h *model.Host) error { h.Pool = "fast"; return nil }, pools.MayHavePool("fast"))
		return err
	}
	must(t, set())
	refused(t, w.holm().Pools.Remove(t.Context(), "fast"), fault.Busy, `--pool ""`)
	must1(t)(w.records.SetHost(t.Context(), func(h *model.Host) error { h.Pool = ""; return nil }))
	must(t, w.holm().Pools.Remove(t.Context(), "fast"))
	refused(t, set(), fault.NotFound, `no pool "fast"`)
}

func TestAPoolThatIsRemovedTakesNothingFromOneThatIsAddedByItsName(t *testing.T) {
	w, path := fast(t, whole)
	added := make(chan error, 1)
	w.boot.unordering = func() {
		go func() {
			_, err := w.holm().Pools.Add(t.Context(), pools.Spec{Name: "fast", Path: path})
			added <- err
		}()
		select {
		case err := <-added: // it did not wait for the removal
			added <- err
		case <-time.After(100 * time.Millisecond):
		}
	}
	must(t, w.holm().Pools.Remove(t.Context(), "fast"))
	must(t, <-added)
	w.boot.mu.Lock()
	defer w.boot.mu.Unlock()
	if w.boot.paths["fast"] != path || !exists(t, path+"/holm") {
		t.Errorf("the pool that is there waits for %q, and its folder is there: %v", w.boot.paths["fast"], exists(t, path+"/holm"))
	}
}

// lostImages has one image until it is removed.
type lostImages struct {
	fakeImages
	gone *atomic.Bool
}

func (l lostImages) Get(ref string) (images.Manifest, error) {
	if l.gone.Load() {
		ref = "gone"
	}
	return l.fakeImages.Get(ref)
}

func TestAnImageThatWasRemovedMeanwhileIsPutOnNoRecord(t *testing.T) {
	w := newWorld(t)
	store := lostImages{w.images, new(atomic.Bool)}
	w.store = store
	before := w.inventory()
	_, err := w.holm().Instances.Create(t.Context(), web(), once(func() {
		must(t, w.holm().Instances.WithImageUsers(t.Context(), func(users map[string][]string) error {
			store.gone.Store(len(users) == 0)
			return nil
		}))
	}))
	refused(t, err, fault.NotFound, "there is no image")
	if diff := cmp.Diff(before, w.inventory()); diff != "" || slices.Contains(w.records.writes, "Reserve") {
		t.Errorf("something is left, or was (%q):\n%s", w.records.writes, diff)
	}
}

func TestAGuestThatSomebodyHasPausedMeanwhileDoesNotGoOn(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	w.hyp.Stall(inst.UUID, "vdb", hypervisor.DiskFull)
	paused := false
	w.hyp.FailWith(func(method, _ string) error {
		if method == "DiskErrors" && !paused { // it was seen stalled, and its lock is free
			paused = true
			must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
			must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
			w.hyp.Pause(inst.UUID)
		}
		return nil
	})
	found, err := w.holm().Instances.Unstall(t.Context())
	must(t, err)
	if got := w.state(inst); got != hypervisor.Paused || !paused || len(found) > 0 {
		t.Errorf("the guest is %s, and found was %+v", got, found)
	}
}
