//go:build e2e

package e2e

import (
	"context"
	"sync"
	"testing"

	"holm/e2e/world"
	"holm/internal/fault"
)

// sharedWorld is the world that all tests share.
var sharedWorld shared

// shared makes a world when the first test asks for it. TestMain takes it down.
type shared struct {
	once  sync.Once
	world *world.World
	err   error
}

// needWorld fails the test when there is no world.
func needWorld(t *testing.T) *world.World {
	t.Helper()
	sharedWorld.once.Do(func() { sharedWorld.world, sharedWorld.err = world.Up(context.Background()) })
	if sharedWorld.err != nil {
		t.Fatalf("make a world: %v (%s)", sharedWorld.err, fault.RemedyOf(sharedWorld.err))
	}
	return sharedWorld.world
}

func (s *shared) down(ctx context.Context) error {
	if s.world == nil {
		return nil
	}
	return s.world.Down(ctx)
}
