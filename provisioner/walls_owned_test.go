package provisioner_test

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/tenants"
	"holm/storage/records"
)

// Two names of tenants whose networks had, by what was derived from them, a bridge of one name: holm-0d18c3a5.
const victim, attacker = "t98990", "t101770"

func in(tenant string) instances.Spec {
	return instances.Spec{Name: "web", Tenant: tenant}
}

// tables are those of the wall, with their rules.
func (w *world) tables() map[string]string {
	w.wall.mu.Lock()
	defer w.wall.mu.Unlock()
	return maps.Clone(w.wall.tables)
}

func TestNoTwoTenantsHaveTheSameBridge(t *testing.T) {
	w := newWorld(t)
	bridges := map[string]bool{w.network.Bridge: true}
	for _, name := range []string{victim, attacker} {
		view, err := w.holm().Tenants.Add(t.Context(), name, tenants.Change{})
		must(t, err)
		must1(t)(w.holm().Instances.Create(t.Context(), in(name), nil))
		bridges[view.Network.Bridge] = true
	}
	if len(bridges) != 3 || len(w.tables()) != 4 {
		t.Errorf("bridges %v, tables %q", bridges, slices.Sorted(maps.Keys(w.tables())))
	}
}

func TestAHardwareAddressThatAnothersGuestHasIsNotGiven(t *testing.T) {
	w := newWorld(t)
	asked := 0
	w.wired = func() map[string]bool { asked++; return nil }
	w.created("web")
	if asked == 0 {
		t.Error("nobody looks which there are")
	}
}

// older is a tenant on record from before bridges were: its bridge follows from its name.
func (w *world) older(name, subnet string) {
	w.t.Helper()
	_, err := w.holm().Hosts.Flavors(w.t.Context())
	must(w.t, err)
	must(w.t, w.records.AddTenant(w.t.Context(), model.Tenant{Name: name, Network: &model.TenantNetwork{Subnet: netip.MustParsePrefix(subnet)}},
		func([]model.Tenant) error { return nil }))
}

func TestACreateThatFindsAnothersBridgeLeavesItsWallsAlone(t *testing.T) {
	w := newWorld(t)
	must1(t)(w.holm().Tenants.Add(t.Context(), "makes-the-directory", tenants.Change{}))
	w.older(victim, "10.200.1.0/24")
	w.older(attacker, "10.200.2.0/24")
	must1(t)(w.holm().Instances.Create(t.Context(), in(victim), nil))
	before := w.tables()
	if len(before) != 2 {
		t.Fatalf("the victim has no walls: %v", before)
	}
	_, err := w.holm().Instances.Create(t.Context(), in(attacker), nil)
	refused(t, err, fault.Exists, "virsh net-undefine")
	if !maps.Equal(before, w.tables()) {
		t.Errorf("the victim's walls were\n%v\nand are\n%v", before, w.tables())
	}
	if left, err := w.records.List(t.Context(), attacker); err != nil || len(left) != 0 {
		t.Errorf("%v is left of the other (%v)", left, err)
	}
	// Nor does one that was never finished, and is removed by its record alone.
	wreck := w.records
	must1(t)(wreck.Reserve(t.Context(), model.Instance{
		ID: "0123456789ab", UUID: "22222222-2222-4333-8444-555555555555", Tenant: attacker, Name: "wreck", State: model.Creating,
		Network: "holm-default." + attacker, MAC: "52:54:00:00:00:01", Address: netip.MustParseAddr("10.200.2.10"),
	}, model.Operation{ID: "1", Kind: "create", Status: model.Running, Instance: "0123456789ab"}, func([]model.Instance, *model.Instance) error { return nil }))
	must(t, w.holm().Instances.Remove(t.Context(), attacker, "wreck", nil))
	if !maps.Equal(before, w.tables()) {
		t.Errorf("after a removal the victim's walls are\n%v", w.tables())
	}
}

func TestANewTenantDoesNotGetTheBridgeOfAnOlderOne(t *testing.T) {
	w := newWorld(t)
	must1(t)(w.holm().Tenants.Add(t.Context(), "makes-the-directory", tenants.Change{}))
	w.older(victim, "10.200.1.0/24")
	bridge := network.Default().OfTenant(victim, "", network.Default().Subnet, network.Default().Subnet6).Bridge
	if bridge != "holm-0d18c3a5" {
		t.Fatalf("what is derived has changed: %s", bridge)
	}
	{
		free, err := network.FreeBridge(strings.NewReader("\x0d\x18\xc3\xa5abcd"), []string{bridge})
		if err != nil || free == bridge {
			t.Fatalf("%q is given twice (%v)", free, err)
		}
	}
}

func TestASecondStateDirectoryDoesNotGetAtTheWallsOfTheFirst(t *testing.T) {
	w := newWorld(t)
	must1(t)(w.holm().Instances.Create(t.Context(), web(), nil))
	before := w.tables()
	second := newWorld(t)
	second.dir = filepath.Join(t.TempDir(), "second", "holm")
	second.records = &spy{Bolt: records.Open(filepath.Join(second.dir, "holm.db"))}
	must(t, os.MkdirAll(w.dir, 0o755))
	second.hyp.PowerOff(decoy)
	second.hyp = w.hyp
	_, err := second.holm().Instances.Create(t.Context(), instances.Spec{Name: "other"}, nil)
	refused(t, err, fault.Exists, "holm host set --network")
	if len(second.tables()) != 0 || !maps.Equal(before, w.tables()) {
		t.Errorf("it has made %v of %v", second.tables(), before)
	}
}
