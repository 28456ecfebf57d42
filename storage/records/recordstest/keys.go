package recordstest

import (
	"errors"
	"testing"
	"time"

	"holm/provisioner/model"
	"holm/storage/keys"
	"holm/storage/records"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tenantKey is a key of acme's, and one of its instances that is sealed with it.
func tenantKey(t *testing.T) (model.TenantKey, keys.Key) {
	t.Helper()
	key := keys.New()
	sealed, err := keys.New().Seal(key, keys.Tenant, "acme")
	if err != nil {
		t.Fatal(err)
	}
	return model.TenantKey{Tenant: "acme", Key: sealed, Made: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)}, key
}

func sealedBy(t *testing.T, key keys.Key, n int, name string) (model.Instance, model.Operation) {
	t.Helper()
	inst, op := Instance(n, "acme", name)
	sealed, err := key.Seal(keys.New(), keys.Volume, inst.ID)
	if err != nil {
		t.Fatal(err)
	}
	inst.Key = &sealed
	return inst, op
}

func testTenantKeys(t *testing.T, s Store) {
	ctx := t.Context()
	admitted := func([]model.TenantKey) error { return nil }
	first, key := tenantKey(t)
	inst, op := sealedBy(t, key, 1, "web")
	asItIs := func([]model.Instance, *model.Instance) error { return nil }
	must(t, s.AddTenant(ctx, model.Tenant{Name: "acme"}, func([]model.Tenant) error { return nil }))
	if _, err := s.Reserve(ctx, inst, op, asItIs); !errors.Is(err, records.ErrRotated) {
		t.Errorf("reserved under a key that the tenant does not have: %v", err)
	}
	must(t, s.AddTenantKey(ctx, first, admitted))
	if err := s.AddTenantKey(ctx, first, admitted); !errors.Is(err, records.ErrExists) {
		t.Errorf("a second first key: %v", err)
	}
	if _, err := s.Reserve(ctx, inst, op, asItIs); err != nil {
		t.Fatal(err)
	}
	second, fresh := tenantKey(t)
	boom := errors.New("boom")
	for _, failing := range []error{boom, nil} {
		got, err := s.RotateKey(ctx, "acme", func(k *model.TenantKey, own []model.Instance) error {
			if k.Key.ID != first.Key.ID || len(own) != 1 {
				t.Errorf("to be resealed are %d instances under key %s", len(own), k.Key.ID)
			}
			anew, err := fresh.Seal(keys.New(), keys.Volume, own[0].ID)
			if err != nil {
				return err
			}
			own[0].Key, k.Key = &anew, second.Key
			return failing
		})
		kept, findErr := s.Instance(ctx, "acme", "web")
		must(t, findErr)
		switch {
		case failing != nil && (!errors.Is(err, boom) || kept.Key.By != key.ID()):
			t.Errorf("a rotation that failed: %v, the volume's key is sealed by %s", err, kept.Key.By)
		case failing == nil && (err != nil || got.Key.ID != fresh.ID() || kept.Key.By != fresh.ID()):
			t.Errorf("rotated to %s, %v; the volume's key is sealed by %s", got.Key.ID, err, kept.Key.By)
		}
	}
	if _, err := s.RotateKey(ctx, "bolt", func(*model.TenantKey, []model.Instance) error { return nil }); !errors.Is(err,
		records.ErrNotFound) {
		t.Errorf("rotate a key that there is not: %v", err)
	}
	if all, err := s.TenantKeys(ctx); err != nil || len(all) != 1 || all[0].Key.ID != second.Key.ID {
		t.Errorf("the keys are %v, %v", all, err)
	}
	third, exchanged := tenantKey(t)
	for _, failing := range []error{boom, nil} {
		err := s.ResealTenantKeys(ctx, func(k *model.TenantKey) error {
			if k.Tenant != "acme" || k.Key.ID != second.Key.ID {
				t.Errorf("to be resealed is %+v", k)
			}
			k.Key = third.Key
			return failing
		})
		all, listErr := s.TenantKeys(ctx)
		if must(t, listErr); !errors.Is(err, failing) || len(all) != 1 || (all[0].Key.ID == exchanged.ID()) != (failing == nil) {
			t.Errorf("resealed, with %v: %v; the keys are %v", failing, err, all)
		}
	}
	for range 2 {
		gone, err := s.DestroyKey(ctx, inst.ID)
		if err != nil || gone.Key == nil || len(gone.Key.Box) != 0 || gone.Key.ID == "" {
			t.Errorf("destroyed: %+v, %v", gone.Key, err)
		}
	}
	must(t, s.Destroyed(ctx, inst, "all of it"))
	if _, err := s.DestroyKey(ctx, "ffffffffffff"); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("destroy the key of nobody: %v", err)
	}
}

func testKeyGoesWithItsTenant(t *testing.T, s Store) {
	ctx := t.Context()
	none := func([]model.Tenant) error { return nil }
	must(t, s.AddTenant(ctx, model.Tenant{Name: "acme"}, none))
	first, _ := tenantKey(t)
	must(t, s.AddTenantKey(ctx, first, func([]model.TenantKey) error { return nil }))
	must(t, s.DropTenant(ctx, "acme", func([]model.Instance) error { return nil }))
	if all, err := s.TenantKeys(ctx); err != nil || len(all) != 0 {
		t.Errorf("the tenant has gone, and there is %v, %v", all, err)
	}
	must(t, s.AddTenant(ctx, model.Tenant{Name: "acme"}, none))
	second, _ := tenantKey(t)
	must(t, s.AddTenantKey(ctx, second, func([]model.TenantKey) error { return nil }))
}
