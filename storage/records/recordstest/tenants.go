package recordstest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"holm/provisioner/model"
	"holm/storage/records"
)

func tenant(name string, quota model.Resources) model.Tenant {
	return model.Tenant{
		Name: name, Quota: quota, AuthorizedKeys: []string{"ssh-ed25519 AAAA"}, Created: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

func anyTenant([]model.Tenant) error { return nil }

func addTenant(t *testing.T, s Store, one model.Tenant) {
	t.Helper()
	if err := s.AddTenant(t.Context(), one, anyTenant); err != nil {
		t.Fatal(err)
	}
}

func testTenants(t *testing.T, s Store) {
	if all, err := s.Tenants(t.Context()); err != nil || len(all) > 0 {
		t.Fatalf("an empty store has the tenants %v, %v", all, err)
	}
	bolt, acme := tenant("bolt", model.Resources{}), tenant("acme", model.Resources{Instances: 5, CPUs: 8})
	addTenant(t, s, bolt)
	addTenant(t, s, acme)
	if err := s.AddTenant(t.Context(), acme, anyTenant); !errors.Is(err, records.ErrExists) {
		t.Errorf("the same name again: %v, want ErrExists", err)
	}
	all, err := s.Tenants(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the tenants", []model.Tenant{acme, bolt}, all)
	reserve(t, s, 1, "acme", "web")
	acme.Quota.Instances = 2
	got, err := s.UpdateTenant(t.Context(), "acme", func(one *model.Tenant, used model.Resources) error {
		same(t, "what it uses", model.Resources{Instances: 1, CPUs: 1, MemoryMiB: 1024, DiskGiB: 20}, used)
		one.Quota.Instances = 2
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what UpdateTenant returns", acme, got)
	if _, err := s.UpdateTenant(t.Context(), "acme",
		func(*model.Tenant, model.Resources) error { return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	if got, err = s.Tenant(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	same(t, "the tenant", acme, got)
	for _, err := range []error{
		second(s.Tenant(t.Context(), "gone")),
		second(s.UpdateTenant(t.Context(), "gone", func(*model.Tenant, model.Resources) error { return nil })),
	} {
		if !errors.Is(err, records.ErrNotFound) {
			t.Errorf("a tenant that there is not: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func testTenantInUse(t *testing.T, s Store) {
	old := reserve(t, s, 1, "old", "web") // from before there were tenants
	addTenant(t, s, tenant("acme", model.Resources{}))
	inst := reserve(t, s, 2, "acme", "web")
	reserve(t, s, 3, "old", "db")
	reserve(t, s, 4, model.DefaultTenant, "web")
	stranger, op := Instance(5, "strange", "web")
	if _, err := s.Reserve(t.Context(), stranger, op, admit); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("reserved for a tenant that there is not: %v", err)
	}
	err := s.DropTenant(t.Context(), "acme", func(living []model.Instance) error {
		same(t, "its instances", []model.Instance{inst}, living)
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	if err := s.Drop(t.Context(), inst.ID); err != nil {
		t.Fatal(err)
	}
	nobody := func([]model.Instance) error { return nil }
	if err := s.DropTenant(t.Context(), "acme", nobody); err != nil {
		t.Fatal(err)
	}
	if err := s.DropTenant(t.Context(), "acme", nobody); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("dropped twice: %v, want ErrNotFound", err)
	}
	if _, err := s.Reserve(t.Context(), inst, Operation(9, inst.ID), admit); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("reserved for a tenant that is gone: %v", err)
	}
	if _, err := s.Instance(t.Context(), "old", "web"); err != nil {
		t.Errorf("%s: %v", old.Name, err)
	}
}

func testQuotaAtOnce(t *testing.T, s Store) {
	const many, quota = 20, 5
	addTenant(t, s, tenant("acme", model.Resources{Instances: quota}))
	errs := make(chan error)
	for n := range many {
		go func() {
			inst, op := Instance(n+1, "acme", fmt.Sprintf("web%d", n))
			_, err := s.Reserve(t.Context(), inst, op, admit)
			errs <- err
		}()
	}
	in := 0
	for range many {
		err := <-errs
		over, full := errors.AsType[*model.OverQuota](err)
		switch {
		case err == nil:
			in++
		case !full || over.What != "instances" || over.Used != quota || over.Quota != quota:
			t.Errorf("turned away with %v", err)
		}
	}
	if list, err := s.List(t.Context(), "acme"); err != nil || len(list) != quota || in != quota {
		t.Errorf("%d of %d came in, and %d are there: %v; want %d", in, many, len(list), err, quota)
	}
}

func testQuota(t *testing.T, s Store) {
	for what, quota := range map[string]model.Resources{
		"CPUs": {CPUs: 1}, "MiB of memory": {MemoryMiB: 2047}, "GiB of disk": {DiskGiB: 39},
	} {
		name := "t" + what[:1]
		addTenant(t, s, tenant(name, quota))
		first, op := Instance(int(what[0]), name, "one")
		if _, err := s.Reserve(t.Context(), first, op, admit); err != nil {
			t.Fatalf("%s: the first one: %v", what, err)
		}
		next, op := Instance(int(what[0])+128, name, "two")
		_, err := s.Reserve(t.Context(), next, op, admit)
		if over, ok := errors.AsType[*model.OverQuota](err); !ok || over.What != what {
			t.Errorf("%s: the second one: %v", what, err)
		}
		if what != "GiB of disk" {
			continue
		}
		_, err = s.Resize(t.Context(), first.ID, Operation(200, first.ID), func(_ []model.Instance, inst *model.Instance) error {
			inst.Flavor.DiskGiB = 40
			return nil
		})
		if over, ok := errors.AsType[*model.OverQuota](err); !ok || over.Used != 0 || over.Asked != 40 {
			t.Errorf("grown past the quota: %v", err)
		}
	}
}
