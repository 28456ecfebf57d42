// Package pool has the commands about where state volumes lie.
package pool

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/provisioner/instances"
	"holm/provisioner/pools"
	"holm/storage/arrays"
)

// Needs are what these commands ask of the rooms behind them.
type Needs struct {
	Open   func(ctx context.Context) (Engine, error)
	Arrays Arrays
	// News is what the timer does besides looking at pools: it says what it found and saw to.
	News func(ctx context.Context) error
}

// Engine looks after pools.
type Engine struct {
	Pools     Pools
	Instances Paused
}

// Pools are where volumes lie.
type Pools interface {
	// Plan is Add that changes nothing.
	Plan(ctx context.Context, spec pools.Spec) (pools.View, error)
	Add(ctx context.Context, spec pools.Spec) (pools.View, error)
	// Make is Add of what build makes, while no other pool is added or removed.
	Make(ctx context.Context, spec pools.Spec, build func(context.Context) error) (pools.View, error)
	// List looks at the pools of those names, or at all.
	List(ctx context.Context, names ...string) ([]pools.View, error)
	Names(ctx context.Context) ([]string, error)
	Remove(ctx context.Context, name string) error
	// Acknowledge remembers that a person has seen how pools are.
	Acknowledge(ctx context.Context, shown []pools.View) error
}

// Paused are instances that wait for their pool.
type Paused interface {
	// Unstall lets instances go on that were paused for want of space, and returns all that were paused because of a disk.
	Unstall(ctx context.Context) ([]instances.Paused, error)
}

// Arrays makes arrays of drives.
type Arrays interface {
	Plan(ctx context.Context, s arrays.Spec) (arrays.Plan, error)
	Make(ctx context.Context, p arrays.Plan, progress func(step string)) error
}

// app is a run of holm, with what these commands need.
type app struct {
	*cli.App
	Needs
}

// Commands are those about pools.
func Commands(a *cli.App, n Needs) []*cobra.Command { return []*cobra.Command{poolCommand(&app{a, n})} }
