package provisioner_test

import (
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/pools"
	"holm/provisioner/tenants"
)

// standsIn is a host whose operator says where it is, with a tenant whose data may lie in Norway and Sweden only.
func standsIn(t *testing.T, country string) *world {
	t.Helper()
	w, _ := fast(t, whole)
	w.moved(country)
	w.tenant("acme", tenants.Change{Residency: new("NO,SE")})
	return w
}

func (w *world) moved(country string) {
	w.t.Helper()
	_, err := w.records.SetHost(w.t.Context(), func(h *model.Host) error { h.Jurisdiction = country; return nil })
	must(w.t, err)
}

func (w *world) poolIn(country string) {
	w.t.Helper()
	_, err := w.records.UpdatePool(w.t.Context(), "fast", func(p *model.Pool) error { p.Jurisdiction = country; return nil })
	must(w.t, err)
}

func TestDataLiesOnlyWhereItsTenantsRuleAllows(t *testing.T) {
	for name, c := range map[string]struct {
		host, pool string
		inPool     bool
		says       []string // nil when it may
	}{
		"a host that may":                              {host: "NO"},
		"a host that may not":                          {host: "US", says: []string{`tenant "acme" may lie in NO, SE only, and this host is in US`, "--residency-override"}},
		"a host of which nobody said where it is":      {says: []string{"nobody has said where this host is", "holm host set --jurisdiction"}},
		"a pool beside the host, where it may not":     {host: "NO", pool: "US", inPool: true, says: []string{"pool fast is in US"}},
		"a pool that may, on a host that may not":      {host: "US", pool: "SE", inPool: true, says: []string{"this host is in US"}},
		"a pool that may, on a host that may":          {host: "NO", pool: "SE", inPool: true},
		"a pool that stands where the host does":       {host: "SE", inPool: true},
		"a pool that may not, and is not what it uses": {host: "NO", pool: "US"},
	} {
		t.Run(name, func(t *testing.T) {
			w := standsIn(t, c.host)
			w.poolIn(c.pool)
			spec := ofAcme("web")
			if c.inPool {
				spec.Pool = "fast"
			}
			before := w.inventory()
			_, plan := w.holm().Instances.Plan(t.Context(), spec)
			_, create := w.holm().Instances.Create(t.Context(), spec, nil)
			if c.says == nil {
				must(t, plan)
				must(t, create)
				return
			}
			refused(t, plan, fault.Refused, c.says...)
			refused(t, create, fault.Refused, c.says...)
			if after := w.inventory(); strings.Join(after, "\n") != strings.Join(before, "\n") {
				t.Errorf("there is %q, and was %q", after, before)
			}
		})
	}
}

func TestARuleHoldsAtEachStartAndRebuild(t *testing.T) {
	w := standsIn(t, "NO")
	_, err := w.holm().Instances.Create(t.Context(), ofAcme("web"), nil)
	must(t, err)
	w.moved("US") // a host that was shipped, or a label that was mended
	_, err = w.holm().Instances.Rebuild(t.Context(), "acme", "web", "", nil)
	refused(t, err, fault.Refused, "this host is in US")
	must(t, w.holm().Instances.Stop(t.Context(), "acme", "web", true, nil))
	_, err = w.holm().Instances.Start(t.Context(), "acme", "web", nil)
	refused(t, err, fault.Refused, "this host is in US")
	_, err = w.holm().Tenants.Set(t.Context(), "acme", tenants.Change{Residency: new("US")})
	must(t, err)
	_, err = w.holm().Instances.Start(t.Context(), "acme", "web", nil)
	must(t, err)
}

func TestAnOverrideNeedsAReasonAndIsRecorded(t *testing.T) {
	w := standsIn(t, "US")
	spec := ofAcme("web")
	for _, bad := range []string{" ", "two\nlines", strings.Repeat("x", 201)} {
		spec.ResidencyOverride = bad
		_, err := w.holm().Instances.Create(t.Context(), spec, nil)
		refused(t, err, fault.Usage, "reason")
	}
	spec.ResidencyOverride = "support case 7, agreed with the customer"
	inst, err := w.holm().Instances.Create(t.Context(), spec, nil)
	must(t, err)
	if inst.ResidencyOverride != spec.ResidencyOverride {
		t.Errorf("recorded is %q", inst.ResidencyOverride)
	}
	_, err = w.holm().Instances.Restart(t.Context(), "acme", "web", nil)
	must(t, err)
}

func TestRulesAndPlacesThatThereAreNotAreRefused(t *testing.T) {
	w := newWorld(t)
	_, err := w.holm().Tenants.Add(t.Context(), "acme", tenants.Change{Residency: new("NO,XX")})
	refused(t, err, fault.Usage, `"XX"`)
	path := w.mount(whole)
	for _, spec := range []pools.Spec{
		{Name: "fast", Path: path, Jurisdiction: "UK"}, {Name: "fast", Path: path, Site: "oslo"},
	} {
		_, err := w.holm().Pools.Add(t.Context(), spec)
		refused(t, err, fault.Usage)
	}
	untouched(t, w)
}
