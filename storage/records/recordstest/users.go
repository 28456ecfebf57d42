package recordstest

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"holm/provisioner/model"
)

var taken = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

// next is one more than the largest that was ever given.
func next(given []model.TenantUser) (int, error) {
	uid := 5000
	for _, u := range given {
		uid = max(uid, u.UID)
	}
	return uid + 1, nil
}

func take(t *testing.T, s Store, tenant string) model.TenantUser {
	t.Helper()
	user, err := s.TakeUser(t.Context(), tenant, taken, next)
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func testUsers(t *testing.T, s Store) {
	if all, err := s.Users(t.Context()); err != nil || len(all) > 0 {
		t.Fatalf("an empty store has the users %v, %v", all, err)
	}
	addTenant(t, s, tenant("acme", model.Resources{}))
	first := take(t, s, "acme")
	same(t, "the first user", model.TenantUser{UID: 5001, Tenant: "acme", Since: taken}, first)
	same(t, "the same again", first, take(t, s, "acme"))
	same(t, "that of one who has no record", 5002, take(t, s, model.DefaultTenant).UID)

	for what, choose := range map[string]func([]model.TenantUser) (int, error){
		"refuses":      func([]model.TenantUser) (int, error) { return 0, errRefused },
		"gives root":   func([]model.TenantUser) (int, error) { return 0, nil },
		"gives a gift": func(given []model.TenantUser) (int, error) { return given[0].UID, nil },
	} {
		if _, err := s.TakeUser(t.Context(), "bolt", taken, choose); err == nil || what == "refuses" && !errors.Is(err, errRefused) {
			t.Errorf("a callback that %s: got %v", what, err)
		}
	}
	if err := s.DropTenant(t.Context(), "acme", func([]model.Instance) error { return nil }); err != nil {
		t.Fatal(err)
	}
	addTenant(t, s, tenant("acme", model.Resources{}))
	same(t, "the user of another tenant of the same name", 5003, take(t, s, "acme").UID)
	all, err := s.Users(t.Context())
	if err != nil || len(all) != 3 || all[0].Left.IsZero() || !all[1].Left.IsZero() || !all[2].Left.IsZero() {
		t.Errorf("got %v, %v: want three, of which the first has left", all, err)
	}
}

func testUsersAtOnce(t *testing.T, s Store) {
	const many = 8
	var mu sync.Mutex
	seen := map[int]string{}
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			name := "tenant-" + strconv.Itoa(i/2) // two of each
			user, err := s.TakeUser(t.Context(), name, taken, next)
			mu.Lock()
			defer mu.Unlock()
			if other, there := seen[user.UID]; err != nil || there && other != name {
				t.Errorf("%s has %d, which is %q's: %v", name, user.UID, other, err)
			}
			seen[user.UID] = name
		})
	}
	all.Wait()
	if len(seen) != many/2 {
		t.Errorf("%d tenants have %d users", many/2, len(seen))
	}
}
