package provisioner_test

import (
	"fmt"
	"slices"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
)

// tenant makes one.
func (w *world) tenant(name string, c tenants.Change) {
	w.t.Helper()
	_, err := w.holm().Tenants.Add(w.t.Context(), name, c)
	must(w.t, err)
}

func ofAcme(name string) instances.Spec {
	return instances.Spec{Name: name, Tenant: "acme", Flavor: "tiny"}
}

func TestHostileTenantsAreRefusedAndTouchNothing(t *testing.T) {
	for name, value := range hostile() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.holm().Tenants.Add(t.Context(), value, tenants.Change{})
			refused(t, err, fault.Usage, "is not allowed")
			_, err = w.holm().Tenants.Set(t.Context(), value, tenants.Change{})
			refused(t, err, fault.Usage, "is not allowed")
			_, err = w.holm().Tenants.Add(t.Context(), "acme", tenants.Change{AuthorizedKeys: []string{value}})
			refused(t, err, fault.Usage)
			refused(t, w.holm().Tenants.Remove(t.Context(), value), fault.Usage, "is not allowed")
			untouched(t, w)
		})
	}
}

func TestQuotasThatCannotBeAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, n := range []int{-1, 1 << 40} {
		_, err := w.holm().Tenants.Add(t.Context(), "acme", tenants.Change{Instances: new(n)})
		refused(t, err, fault.Usage, fmt.Sprint(n), "0 for no limit")
	}
	untouched(t, w)
}

func TestNobodyIsServedForATenantThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.tenant("acme", tenants.Change{})
	before := w.inventory()
	for _, make := range []func() error{
		func() error {
			_, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web", Tenant: "acne"}, nil)
			return err
		},
		func() error {
			_, err := w.holm().Instances.Plan(t.Context(), instances.Spec{Name: "web", Tenant: "acne"})
			return err
		},
	} {
		refused(t, make(), fault.NotFound, `there is no tenant "acne"`, "holm tenant create acne")
	}
	if after := w.inventory(); !slices.Equal(before, after) {
		t.Errorf("there is %q, and was %q", after, before)
	}
}

func TestOfTwentyCreatesAtOnceAQuotaOfFiveLetsInFive(t *testing.T) {
	w := newWorld(t)
	w.tenant("acme", tenants.Change{Instances: new(5)})
	const many = 20
	errs := make(chan error)
	for n := range many {
		go func() {
			_, err := w.holm().Instances.Create(t.Context(), ofAcme(fmt.Sprintf("web%d", n)), nil)
			errs <- err
		}()
	}
	in := 0
	for range many {
		if err := <-errs; err == nil {
			in++
		} else {
			refused(t, err, fault.Refused, `tenant "acme" has 5 of 5 instances`, "holm tenant set acme")
		}
	}
	view, err := w.holm().Tenants.Show(t.Context(), "acme")
	must(t, err)
	if in != 5 || view.Used.Instances != 5 || view.Used.CPUs != 5 {
		t.Errorf("%d came in, and acme has %+v", in, view.Used)
	}
}

func TestAQuotaIsSaidBeforeAnythingIsReserved(t *testing.T) {
	w := newWorld(t)
	w.tenant("acme", tenants.Change{MemoryMiB: new(600)})
	_, err := w.holm().Instances.Plan(t.Context(), ofAcme("web"))
	must(t, err)
	_, err = w.holm().Instances.Create(t.Context(), ofAcme("web"), nil)
	must(t, err)
	_, err = w.holm().Instances.Plan(t.Context(), ofAcme("db"))
	refused(t, err, fault.Refused, "512 of 600 MiB of memory")
}

func TestGrowingCountsAgainstTheQuota(t *testing.T) {
	w := newWorld(t)
	w.tenant("acme", tenants.Change{DiskGiB: new(12)})
	_, err := w.holm().Instances.Create(t.Context(), ofAcme("web"), nil)
	must(t, err)
	_, err = w.holm().Instances.Resize(t.Context(), "acme", "web", 12, nil)
	must(t, err)
	_, err = w.holm().Instances.Resize(t.Context(), "acme", "web", 13, nil)
	refused(t, err, fault.Refused, `tenant "acme" has 0 of 12 GiB of disk: 13 more are too many`)
}

func TestATenantIsNotHeldToLessThanItHas(t *testing.T) {
	w := newWorld(t)
	w.tenant("acme", tenants.Change{Instances: new(5)})
	for _, name := range []string{"web", "db"} {
		_, err := w.holm().Instances.Create(t.Context(), ofAcme(name), nil)
		must(t, err)
	}
	_, err := w.holm().Tenants.Set(t.Context(), "acme", tenants.Change{Instances: new(1)})
	refused(t, err, fault.Refused, `tenant "acme" has 2 instances, and cannot be held to 1`)
	view, err := w.holm().Tenants.Set(t.Context(), "acme", tenants.Change{Instances: new(2), CPUs: new(8)})
	must(t, err)
	if view.Quota != (model.Resources{Instances: 2, CPUs: 8}) || view.Used.Instances != 2 {
		t.Errorf("it is shown as %+v", view)
	}
	_, err = w.holm().Tenants.Set(t.Context(), "bolt", tenants.Change{})
	refused(t, err, fault.NotFound, "holm tenant ls")
}

func TestATenantWithInstancesStays(t *testing.T) {
	w := newWorld(t)
	w.tenant("acme", tenants.Change{})
	_, err := w.holm().Tenants.Add(t.Context(), "acme", tenants.Change{})
	refused(t, err, fault.Exists, "holm tenant show acme")
	_, err = w.holm().Instances.Create(t.Context(), ofAcme("web"), nil)
	must(t, err)
	refused(t, w.holm().Tenants.Remove(t.Context(), "acme"), fault.Busy, "acme/web")
	must(t, w.holm().Instances.Remove(t.Context(), "acme", "web", nil))
	must(t, w.holm().Tenants.Remove(t.Context(), "acme"))
	refused(t, w.holm().Tenants.Remove(t.Context(), "acme"), fault.NotFound, "holm tenant ls")
}

func TestATenantsKeysOpenItsInstances(t *testing.T) {
	w := newWorld(t)
	w.tenant("acme", tenants.Change{AuthorizedKeys: manyKeys(2)})
	spec := ofAcme("web")
	spec.AuthorizedKeys = manyKeys(3)[1:]
	inst, err := w.holm().Instances.Create(t.Context(), spec, nil)
	must(t, err)
	if len(inst.AuthorizedKeys) != 3 {
		t.Errorf("it opens to %q", inst.AuthorizedKeys)
	}
	spec = ofAcme("db")
	spec.AuthorizedKeys = manyKeys(17)[2:]
	_, err = w.holm().Instances.Create(t.Context(), spec, nil)
	refused(t, err, fault.Usage, "17 SSH keys", `tenant "acme"`)
}

func TestTheDefaultTenantIsThereWithoutBeingMadeAndCanBeLimited(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	all, err := w.holm().Tenants.List(t.Context())
	must(t, err)
	if len(all) != 1 || all[0].Name != "default" || all[0].Used.Instances != 1 || !all[0].Created.IsZero() {
		t.Errorf("there are %+v", all)
	}
	_, err = w.holm().Tenants.Add(t.Context(), "default", tenants.Change{CPUs: new(1)})
	refused(t, err, fault.Refused, `tenant "default" has 2 CPUs, and cannot be held to 1`)
	w.tenant("default", tenants.Change{Instances: new(1)})
	_, err = w.holm().Instances.Create(t.Context(), instances.Spec{Name: "db"}, nil)
	refused(t, err, fault.Refused, `tenant "default" has 1 of 1 instances`)
}
