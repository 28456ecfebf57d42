package records

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"holm/internal/debuglog"
	"holm/internal/lock"
	"holm/provisioner/model"
)

func TestASlowTransactionIsToldWithItsPurpose(t *testing.T) {
	store := Open(filepath.Join(t.TempDir(), "holm.db"))
	var log bytes.Buffer
	ctx := debuglog.With(t.Context(), debuglog.New(&log))
	add := func(ctx context.Context, name string, takes time.Duration) {
		t.Helper()
		err := store.AddTenant(ctx, model.Tenant{Name: name}, func([]model.Tenant) error {
			<-time.After(takes)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add(t.Context(), "quiet", slow+20*time.Millisecond)
	if log.Len() > 0 {
		t.Errorf("told without being asked: %q", &log)
	}
	add(ctx, "slow", slow+20*time.Millisecond)
	if want := `(?m)^time=\S+ msg=transaction took=\d+ms for=AddTenant writes=true$`; !regexp.MustCompile(want).MatchString(log.String()) {
		t.Errorf("told %q, want %s", &log, want)
	}
}

func TestAWaitForTheDatabaseIsToldWithWhoHasIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holm.db")
	store := Open(path)
	if err := store.AddTenant(t.Context(), model.Tenant{Name: "acme"}, func([]model.Tenant) error { return nil }); err != nil {
		t.Fatal(err)
	}
	held, err := lock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, func() { _ = held.Release() })
	var log bytes.Buffer
	if _, err := store.Host(debuglog.With(t.Context(), debuglog.New(&log))); err != nil {
		t.Fatal(err)
	}
	if want := `(?m)^time=\S+ msg=lock path=\S+holm.db held_by="process \d+ \(\S+\)" took=\S+s$`; !regexp.MustCompile(want).MatchString(log.String()) {
		t.Errorf("told %q, want %s", &log, want)
	}
}
