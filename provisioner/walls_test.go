package provisioner_test

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/tenants"
)

func TestWallsThatSomebodyTookDownAreBuiltAgain(t *testing.T) {
	w := newWorld(t)
	deny := "deny"
	_, err := w.holm().Tenants.Add(t.Context(), "acme", tenants.Change{Egress: &deny})
	must(t, err)
	w.created("web")
	must1(t)(w.holm().Instances.Create(t.Context(), in("acme"), nil))
	whole := w.tables()
	if rebuilt, err := w.holm().Networks.KeepWalls(t.Context()); err != nil || len(rebuilt) != 0 {
		t.Errorf("all are there, and %v were built again (%v)", rebuilt, err)
	}
	for what, breaks := range map[string]func(table string) string{
		"there is no table":        func(string) string { return "" },
		"rules are none of holm's": func(rules string) string { return rules + "through accept\n" },
	} {
		acme, err := w.records.Tenant(t.Context(), "acme")
		must(t, err)
		table := "inet holm." + acme.Network.Bridge
		w.wall.mu.Lock()
		if w.wall.tables[table] = breaks(w.wall.tables[table]); w.wall.tables[table] == "" {
			delete(w.wall.tables, table)
		}
		w.wall.mu.Unlock()
		rebuilt, err := w.holm().Networks.KeepWalls(t.Context())
		if err != nil || len(rebuilt) != 1 || rebuilt[0].Network != "holm-default.acme" || rebuilt[0].Err != nil || !strings.Contains(rebuilt[0].What, what) {
			t.Errorf("%s: %+v, %v", what, rebuilt, err)
		}
		if !maps.Equal(whole, w.tables()) {
			t.Errorf("%s: %v are there", what, slices.Sorted(maps.Keys(w.tables())))
		}
	}
}

func TestWallsOfANetworkThatIsAnothersAreNotBuilt(t *testing.T) {
	w := newWorld(t)
	must1(t)(w.holm().Tenants.Add(t.Context(), "makes-the-directory", tenants.Change{}))
	w.older(victim, "10.200.1.0/24")
	w.older(attacker, "10.200.2.0/24")
	must1(t)(w.holm().Instances.Create(t.Context(), in(victim), nil))
	before := w.tables()
	must1(t)(w.records.Reserve(t.Context(), model.Instance{
		ID: "0123456789ab", UUID: "22222222-2222-4333-8444-555555555555", Tenant: attacker, Name: "old", State: model.Stopped,
		Network: "holm-default." + attacker, MAC: "52:54:00:00:00:01", Address: netip.MustParseAddr("10.200.2.10"),
	}, model.Operation{ID: "1", Kind: "create", Status: model.Done, Instance: "0123456789ab"}, func([]model.Instance, *model.Instance) error { return nil }))
	rebuilt, err := w.holm().Networks.KeepWalls(t.Context())
	must(t, err)
	if len(rebuilt) != 1 || rebuilt[0].Err == nil || !maps.Equal(before, w.tables()) {
		t.Errorf("%+v, and there are %v", rebuilt, w.tables())
	}
}

func TestShareOfConnectionsFollowsHowManyTenantsThereAre(t *testing.T) {
	w := newWorld(t)
	w.maxFlows = 65536 // three quarters of it are enough for three
	w.created("web")
	limited := func(most string) bool {
		return slices.ContainsFunc(w.wall.rules("inet holm.holm0", network.CountCrowded), func(r string) bool { return strings.Contains(r, `"val":`+most) })
	}
	for name, most := range map[string]string{"a": "16384", "b": "16384"} {
		must1(t)(w.holm().Tenants.Add(t.Context(), name, tenants.Change{}))
		if !limited(most) {
			t.Errorf("with %s it is not %s", name, most)
		}
	}
	must1(t)(w.holm().Tenants.Add(t.Context(), "c", tenants.Change{}))
	if !limited("8192") {
		t.Errorf("of four it may have another share: %q", w.wall.rules("inet holm.holm0", network.CountCrowded))
	}
	must(t, w.holm().Tenants.Remove(t.Context(), "c"))
	if !limited("16384") {
		t.Errorf("of three it may have another share: %q", w.wall.rules("inet holm.holm0", network.CountCrowded))
	}
}
