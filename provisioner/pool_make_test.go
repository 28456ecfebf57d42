package provisioner_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"holm/internal/fault"
	"holm/internal/lock"
	"holm/provisioner/pools"
)

func TestNoPoolComesOrGoesWhileAnotherIsMade(t *testing.T) {
	w := newWorld(t)
	path := w.mount(whole)
	at := func(name string) pools.Spec { return pools.Spec{Name: name, Path: path} }
	made := 0
	build := func(context.Context) error { made++; return nil } //nolint:unparam // the drives are not what fails
	v, err := w.holm().Pools.Make(t.Context(), at("fast"), func(ctx context.Context) error {
		for what, try := range map[string]func(context.Context) (pools.View, error){
			"added": func(ctx context.Context) (pools.View, error) { return w.holm().Pools.Add(ctx, at("other")) },
			"made": func(ctx context.Context) (pools.View, error) {
				return w.holm().Pools.Make(ctx, at("other"), build)
			},
		} {
			soon, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			if _, err := try(soon); !errors.Is(err, lock.ErrHeld) {
				t.Errorf("a pool was %s meanwhile: %v", what, err)
			}
			cancel()
		}
		return nil
	})
	if err != nil || v.Name != "fast" || made != 0 {
		t.Fatalf("%+v, %v, and %d were made besides", v, err, made)
	}
	if _, err := w.holm().Pools.Make(t.Context(), at("fast"), build); fault.KindOf(err) != fault.Exists || made != 0 {
		t.Errorf("under a name that is taken: %v, and %d were made", err, made)
	}
	failure := errors.New("mkfs.xfs said no")
	if _, err := w.holm().Pools.Make(t.Context(), at("big"), func(context.Context) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	if names, err := w.holm().Pools.Names(t.Context()); err != nil || len(names) != 1 {
		t.Errorf("there are the pools %q, %v", names, err)
	}
}
