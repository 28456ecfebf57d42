package provisioner_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/tenants"
	"holm/storage/records"
)

const hostTable = "inet holm.holm0"

func port(t *testing.T, text string) []model.Port {
	t.Helper()
	p, err := model.ParsePort(text)
	must(t, err)
	return []model.Port{p}
}

// doors are the rules of a published port: for the host itself, for outside and for the instance itself, by both families.
const doors = 6

func TestAPortIsPublishedListedAndGoneWithItsInstance(t *testing.T) {
	w := newWorld(t)
	inst, db := w.created("web"), w.created("db")
	got, err := w.holm().Instances.Expose(t.Context(), "default", "web", port(t, "443:8443"), nil)
	must(t, err)
	if !slices.Equal(got.Exposed, []model.Port{{Protocol: "tcp", Host: 443, Guest: 8443}}) || !slices.Equal(w.record().Exposed, got.Exposed) {
		t.Errorf("exposed are %v, on record %v", got.Exposed, w.record().Exposed)
	}
	if rules := w.wall.rules(hostTable, `"port":8443`); len(rules) != doors || !strings.Contains(rules[0], inst.Address.String()) {
		t.Errorf("rules: %q", rules)
	}
	must1(t)(w.holm().Instances.Expose(t.Context(), "default", "web", port(t, "443:8443"), nil)) // as it is
	_, err = w.holm().Instances.Expose(t.Context(), "default", "db", port(t, "443:8443"), nil)
	refused(t, err, fault.Exists, "holm expose web 443:8443/tcp --rm")
	must1(t)(w.holm().Instances.Expose(t.Context(), "default", "db", port(t, "443:53/udp"), nil)) // another protocol
	all, err := w.holm().Instances.Exposures(t.Context(), "", "")
	must(t, err)
	if len(all) != 2 || all[0].Name != "web" || all[1].Name != "db" || all[1].Address != db.Address {
		t.Errorf("listed are %+v", all)
	}
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	if rules := w.wall.rules(hostTable, `"port":8443`); len(rules) != 0 {
		t.Errorf("after the removal: %q", rules)
	}
	if rules := w.wall.rules(hostTable, `"port":53`); len(rules) != doors {
		t.Errorf("the neighbour's: %q", rules)
	}
	must1(t)(w.holm().Instances.Unexpose(t.Context(), "default", "db", port(t, "443/udp"), nil))
	_, err = w.holm().Instances.Unexpose(t.Context(), "default", "db", port(t, "443/udp"), nil)
	refused(t, err, fault.NotFound, "holm expose db")
	must(t, w.holm().Instances.Remove(t.Context(), "default", "db", nil))
	if names := w.wall.names(); len(names) != 0 {
		t.Errorf("the last instance has left the tables %q", names)
	}
}

// must1 is must for calls that return something besides.
func must1(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		must(t, err)
	}
}

func TestAPortThatCannotBePublishedLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	w.listens = map[uint16]bool{22: true}
	before := w.wall.rules(hostTable, "")
	_, err := w.holm().Instances.Expose(t.Context(), "default", "web", port(t, "22"), nil)
	refused(t, err, fault.Exists, "another port")
	w.wall.fail = errors.New("the kernel says no")
	_, err = w.holm().Instances.Expose(t.Context(), "default", "web", port(t, "80"), nil)
	refused(t, err, fault.Failure, "")
	w.wall.fail = nil
	_, err = w.holm().Instances.Expose(t.Context(), "default", "other", port(t, "80"), nil)
	refused(t, err, fault.NotFound, "holm ls")
	if left := w.record().Exposed; len(left) != 0 || !slices.Equal(before, w.wall.rules(hostTable, "")) {
		t.Errorf("left behind: %v", left)
	}
}

func TestAFailedInstanceIsNotPublished(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	must1(t)(w.holm().Instances.Expose(t.Context(), "default", "web", port(t, "80"), nil))
	must1(t)(w.records.Update(t.Context(), w.record().ID, func(i *model.Instance) error {
		i.State, i.Failure = model.Failed, "an account has a password"
		return nil
	}))
	_, err := w.holm().Instances.Expose(t.Context(), "default", "web", port(t, "443"), nil)
	refused(t, err, fault.Refused, "holm restart web")
	if !strings.Contains(err.Error(), "an account has a password") {
		t.Errorf("got %v", err)
	}
	all, err := w.holm().Instances.Exposures(t.Context(), "default", "web")
	must(t, err)
	if len(all) != 1 || all[0].State != model.Failed {
		t.Errorf("listed are %+v", all)
	}
	must1(t)(w.holm().Instances.Unexpose(t.Context(), "default", "web", port(t, "80"), nil)) // what was published before can be taken back
	if got := w.wall.settled["holm-default"]; got != 0 {
		t.Errorf("connections go by %d ports", got)
	}
}

func TestAGuestThatDoesNotLetThePortInIsSaid(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	_, err := w.holm().Instances.Expose(t.Context(), "default", "web", port(t, "8013:13"), nil)
	refused(t, err, fault.Failure, "rebuild")
	if !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("got %v", err)
	}
}

func TestTheRulesComeBackWhenTheHostHasLostThem(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	must1(t)(w.holm().Instances.Expose(t.Context(), "default", "web", port(t, "80"), nil))
	want := w.wall.rules(hostTable, "")
	w.wall.tables = nil // nft flush ruleset
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
	if got := w.wall.rules(hostTable, ""); !slices.Equal(want, got) {
		t.Errorf("a start of an instance that runs: got %q, want %q", got, want)
	}
	w.hyp.PowerOff(w.record().UUID) // as when the host boots
	w.hyp.Forget()
	w.wall.tables = nil
	must1(t)(w.holm().Instances.StartAll(t.Context(), nil))
	if got := w.wall.rules(hostTable, ""); !slices.Equal(want, got) {
		t.Errorf("a boot of the host: got %q, want %q", got, want)
	}
}

func TestAPublicationThatDiedIsCompletedByTheNextStart(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	w.die("expose.recorded", func(p *provisioner.Engine) error {
		_, err := p.Instances.Expose(t.Context(), "default", "web", port(t, "443:8443"), nil)
		return err
	})
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
	if rules := w.wall.rules(hostTable, `"port":8443`); len(rules) != doors {
		t.Errorf("published is %q", rules)
	}
	w.die("expose.recorded", func(p *provisioner.Engine) error {
		_, err := p.Instances.Unexpose(t.Context(), "default", "web", port(t, "443:8443"), nil)
		return err
	})
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	if names := w.wall.names(); len(names) != 0 {
		t.Errorf("its removal has left the tables %q", names)
	}
}

func TestTwoAtOnceDoNotGetTheSamePort(t *testing.T) {
	w := newWorld(t)
	names := []string{"a", "b", "c", "d"}
	for _, name := range names {
		w.created(name)
	}
	var wg sync.WaitGroup
	failed := make([]error, len(names))
	for i, name := range names {
		wg.Go(func() { _, failed[i] = w.holm().Instances.Expose(t.Context(), "default", name, port(t, "80"), nil) })
	}
	wg.Wait()
	won := 0
	for _, err := range failed {
		if err == nil {
			won++
		} else {
			refused(t, err, fault.Exists, "--rm")
		}
	}
	if won != 1 {
		t.Errorf("%d have it: %v", won, failed)
	}
}

func TestEachTenantHasANetworkOfItsOwn(t *testing.T) {
	w := newWorld(t)
	w.routes = []netip.Prefix{netip.MustParsePrefix("10.200.0.0/24"), netip.MustParsePrefix("0.0.0.0/0")}
	for _, name := range []string{"acme", "bolt"} {
		must1(t)(w.holm().Tenants.Add(t.Context(), name, tenants.Change{}))
	}
	own := w.created("web")
	var made []model.Instance
	for _, tenant := range []string{"acme", "bolt"} {
		inst, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web", Tenant: tenant}, nil)
		must(t, err)
		made = append(made, inst)
	}
	// The host's own route has taken the first subnet.
	if a, b := made[0], made[1]; a.Address.String() != "10.200.1.10" || b.Address.String() != "10.200.2.10" || a.Network != "holm-default.acme" ||
		!a.Address6.IsValid() || a.Address6 == b.Address6 || a.Address6 == own.Address6 || a.Gateway.String() != "10.200.1.1" {
		t.Errorf("got %s %s %s, %s %s, beside %s %s", a.Network, a.Address, a.Address6, b.Address, b.Address6, own.Address, own.Address6)
	}
	if names := w.wall.names(); len(names) != 6 {
		t.Errorf("tables: %q", names)
	}
	if nets := w.hyp.Networks(); !slices.Contains(nets, "holm-default.acme") || !slices.Contains(nets, "holm-default.bolt") {
		t.Errorf("networks: %q", nets)
	}
	must(t, w.holm().Instances.Remove(t.Context(), "acme", "web", nil))
	if nets := w.hyp.Networks(); slices.Contains(nets, "holm-default.acme") || !slices.Contains(nets, "holm-default.bolt") || !slices.Contains(nets, "holm-default") {
		t.Errorf("networks after acme's only instance has gone: %q", nets)
	}
}

func TestATenantsNetworkThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	word := func(s string) *string { return &s }
	yes := true
	must1(t)(w.holm().Tenants.Add(t.Context(), "acme", tenants.Change{Subnet: word("10.5.0.0/24")}))
	must1(t)(w.records.SetHost(t.Context(), func(h *model.Host) error {
		h.AddressPool = netip.MustParsePrefix("10.5.0.0/24")
		return nil
	}))
	w.routes = []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}
	for name, c := range map[string]struct {
		change tenants.Change
		kind   fault.Kind
		remedy string
	}{
		"one of another tenant":  {tenants.Change{Subnet: word("10.5.0.128/25")}, fault.Exists, "take another one"},
		"one of the host's own":  {tenants.Change{Subnet: word("10.77.0.0/24")}, fault.Exists, "take another one"},
		"one with a route to it": {tenants.Change{Subnet: word("192.168.0.0/16")}, fault.Exists, "take another one"},
		"one that is too small":  {tenants.Change{Subnet: word("10.6.0.0/29")}, fault.Usage, ""},
		"one of the world's":     {tenants.Change{Subnet: word("8.8.8.0/24")}, fault.Usage, ""},
		"a full pool":            {tenants.Change{}, fault.Refused, "--address-pool"},
		"an egress that is none": {tenants.Change{Subnet: word("10.6.0.0/24"), Egress: word("10.0.0.1/8")}, fault.Usage, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.holm().Tenants.Add(t.Context(), "bolt", c.change)
			refused(t, err, c.kind, c.remedy)
			if _, err := w.records.Tenant(t.Context(), "bolt"); !errors.Is(err, records.ErrNotFound) {
				t.Errorf("it is on record: %v", err)
			}
		})
	}
	must1(t)(w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web", Tenant: "acme"}, nil))
	_, err := w.holm().Tenants.Set(t.Context(), "acme", tenants.Change{Internal: &yes})
	refused(t, err, fault.Refused, "holm ls --tenant acme")
	must1(t)(w.holm().Tenants.Set(t.Context(), "acme", tenants.Change{Egress: word("deny")}))
	acme, err := w.records.Tenant(t.Context(), "acme")
	must(t, err)
	table := "inet holm." + acme.Network.Bridge
	if rules := w.wall.rules(table, network.CountEgress); len(rules) != 1 {
		t.Errorf("the rules do not close the way out: %q", rules)
	}
}

func TestTenantsMadeAtOnceGetDifferentSubnets(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, name := range names {
		wg.Go(func() {
			if _, err := w.holm().Tenants.Add(t.Context(), name, tenants.Change{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := w.records.Tenants(t.Context())
	must(t, err)
	seen := map[netip.Prefix]bool{}
	for _, tenant := range all {
		seen[tenant.Network.Subnet], seen[tenant.Network.Subnet6] = true, true
	}
	if len(seen) != 2*len(names) {
		t.Errorf("%d tenants have %d subnets", len(names), len(seen))
	}
}
