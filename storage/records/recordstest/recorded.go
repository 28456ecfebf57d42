package recordstest

import (
	"errors"
	"testing"
	"time"

	"holm/provisioner/model"
	"holm/storage/records"
)

func testSettings(t *testing.T, s Store) {
	ctx := t.Context()
	key, _ := tenantKey(t)
	none := func([]model.TenantKey) error { return nil }
	lab := func(h *model.Host) error { h.LabMode = true; return nil }
	choose := func([]model.TenantUser) (int, error) { return 7, nil }
	_, host := s.SetHost(ctx, lab)
	_, user := s.TakeUser(ctx, "acme", time.Unix(1, 0).UTC(), choose)
	err := errors.Join(
		host, user, s.AddPool(ctx, pool("fast"), anyPool), s.AddTenant(ctx, model.Tenant{Name: "acme"}, anyTenant),
		s.AddTenantKey(ctx, key, none), s.SetFlavor(ctx, model.Flavor{Name: "huge"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	set, err := s.Settings(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, hasPool := set.Pool("fast")
	_, hasTenant := set.Tenant("acme")
	given, hasUser := set.User("acme")
	sealed, hasKey := set.Key(key.Tenant)
	if !set.Host.LabMode || !hasPool || !hasTenant || !hasUser || given.UID != 7 || !hasKey || len(set.Flavors) != 1 {
		t.Errorf("the settings are %+v", set)
	}
	same(t, "the key", key, sealed)
	around, err := s.Around(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the settings around", set, around.Settings)
}

func testRecord(t *testing.T, s Store) {
	web := reserve(t, s, 1, "default", "web")
	op := Operation(1, web.ID)
	op.Status, op.Ended = model.Done, op.Started.Add(time.Second)
	booting := func(i *model.Instance) error { i.State = model.Booting; return nil }
	got, err := s.Record(t.Context(), op, booting)
	if err != nil || got.State != model.Booting {
		t.Fatalf("it is %s, %v", got.State, err)
	}
	wantOperations(t, s, web.ID, op)
	failed := op
	failed.Status = model.Stuck
	if _, err := s.Record(t.Context(), failed, func(*model.Instance) error { return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	if _, err := s.Record(t.Context(), Operation(2, "bbbbbbbbbbbb"), booting); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("of an instance that there is not: %v", err)
	}
	if _, err := s.Record(t.Context(), model.Operation{Instance: web.ID}, booting); err == nil {
		t.Error("an operation without an id was stored")
	}
	wantOperations(t, s, "", op)
}

func testRemoved(t *testing.T, s Store) {
	web, db := reserve(t, s, 1, "default", "web"), reserve(t, s, 2, "default", "db")
	done, removal := Operation(3, web.ID), Operation(4, web.ID)
	done.Status, done.Ended = model.Done, done.Started.Add(time.Second)
	putOperation(t, s, done)
	putOperation(t, s, removal)
	removal.Status, removal.Ended, removal.Steps = model.Done, removal.Started.Add(time.Minute), []string{"power"}
	for range 2 { // the second time it is so already
		if err := s.Removed(t.Context(), removal); err != nil {
			t.Fatal(err)
		}
		left := Operation(1, web.ID)
		left.Status, left.Ended = model.Undone, removal.Ended
		wantOperations(t, s, web.ID, left, done, removal)
		wantOperations(t, s, db.ID, Operation(2, db.ID))
	}
	if _, err := s.Instance(t.Context(), "default", "web"); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("the record is there: %v", err)
	}
}
