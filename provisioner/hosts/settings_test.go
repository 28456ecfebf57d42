package hosts_test

import (
	"context"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/hosts"
	"holm/provisioner/model"
	"holm/provisioner/uids"
)

// set is a machine, and what is on record around it.
type set struct {
	model.Around
	changed bool
}

func (s *set) Host(context.Context) (model.Host, error) { return s.Around.Host, nil }

// shelf is the store of a set.
type shelf struct{ *set }

func (s shelf) Around(context.Context) (model.Around, error) { return s.set.Around, nil }

func (s shelf) SetHost(_ context.Context, change func(*model.Host) error, rules ...model.Rule) (model.Host, error) {
	for _, rule := range rules {
		if err := rule(s.set.Around); err != nil {
			return model.Host{}, err
		}
	}
	s.changed = true
	err := change(&s.set.Around.Host)
	return s.set.Around.Host, err
}

func TestWhatCannotBeSetIsRefusedAndChangesNothing(t *testing.T) {
	gone := "gone"
	taken := []uids.Claim{{Range: uids.Range{First: 100000, Last: 165535}, By: "/etc/subuid"}}
	for name, c := range map[string]struct {
		change hosts.Change
		around model.Around
		kind   fault.Kind
	}{
		"a network without a subnet": {hosts.Change{Network: "holm-b"}, model.Around{}, fault.Usage},
		"a network while there are instances": {
			hosts.Change{Network: "holm-b", Subnet: "10.78.0.0/24"}, model.Around{Instances: []model.Instance{{Name: "web"}}}, fault.Busy,
		},
		"a subnet that is none":        {hosts.Change{Network: "holm-b", Subnet: "10.78"}, model.Around{}, fault.Usage},
		"a pool that is not there":     {hosts.Change{Pool: &gone}, model.Around{}, fault.NotFound},
		"a country that is none":       {hosts.Change{Jurisdiction: "XX9"}, model.Around{}, fault.Usage},
		"memory for a thousand":        {hosts.Change{MemoryOvercommit: 1000}, model.Around{}, fault.Usage},
		"addresses that are none":      {hosts.Change{AddressPool: "x"}, model.Around{}, fault.Usage},
		"metadata that is no address":  {hosts.Change{Metadata: &gone}, model.Around{}, fault.Usage},
		"users that somebody else has": {hosts.Change{Users: "100000-200000"}, model.Around{}, fault.Refused},
		"users that are no range":      {hosts.Change{Users: "5"}, model.Around{}, fault.Usage},
	} {
		store := shelf{&set{Around: c.around}}
		s := hosts.Settings{Records: store, Others: func() ([]uids.Claim, error) { return taken, nil }}
		_, err := s.Set(t.Context(), c.change)
		if fault.KindOf(err) != c.kind || store.changed {
			t.Errorf("%s: %v (kind %d, want %d), changed %v", name, err, fault.KindOf(err), c.kind, store.changed)
		}
		if _, planned := s.Plan(t.Context(), c.change); fault.KindOf(planned) != c.kind {
			t.Errorf("%s: a plan says %v", name, planned)
		}
	}
}

func TestAPlanChangesNothingAndSetDoes(t *testing.T) {
	store := shelf{&set{Around: model.Around{Settings: model.Settings{
		Host: model.Host{Site: "NO-OSL1", MemoryReserveMiB: 512}, Pools: []model.Pool{{Name: "fast"}},
	}}}}
	enforced := 0
	s := hosts.Settings{Records: store, Enforce: func(context.Context) error { enforced++; return nil }}
	on, fast, none := true, "fast", ""
	c := hosts.Change{LabMode: &on, Pool: &fast, MemoryOvercommit: 1.5, Metadata: &none}
	want := model.Host{LabMode: true, Pool: "fast", Site: "NO-OSL1", MemoryReserveMiB: 512, MemoryOvercommit: 1.5}
	check := func(what string, got model.Host, err error) {
		t.Helper()
		if err != nil || got.LabMode != want.LabMode || got.Pool != want.Pool || got.Site != want.Site ||
			got.MemoryReserveMiB != want.MemoryReserveMiB || got.MemoryOvercommit != want.MemoryOvercommit {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	planned, err := s.Plan(t.Context(), c)
	check("planned", planned, err)
	if store.set.Around.Host.LabMode || store.changed || enforced > 0 {
		t.Error("a plan has changed something")
	}
	made, err := s.Set(t.Context(), c)
	check("set", made, err)
	shown, err := s.Show(t.Context())
	check("shown", shown, err)
	if enforced != 1 {
		t.Errorf("the rules of networks were made %d times", enforced)
	}
	if (hosts.Change{}).Empty() != true || c.Empty() {
		t.Error("what is empty is not told")
	}
}
