// Package pool has the commands about where state volumes lie.
package pool

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/provisioner/instances"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/storage/arrays"
)

// Needs are what these commands ask of the rooms behind them.
type Needs struct {
	Open func(ctx context.Context) (Engine, error)
	// News is what the timer does besides looking at pools: it says what it found and saw to.
	News func(ctx context.Context) error
}

// Engine looks after pools.
type Engine struct {
	Pools     Pools
	Instances Paused
	Arrays    Arrays
}

// Pools are where volumes lie.
type Pools interface {
	// Plan is Add that changes nothing.
	Plan(ctx context.Context, spec pools.Spec) (pools.View, error)
	Add(ctx context.Context, spec pools.Spec) (pools.View, error)
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

// Arrays makes arrays of drives that hold nothing, and pools of them.
type Arrays interface {
	// Plan says what Create would do.
	Plan(ctx context.Context, spec arrays.Spec) (arrays.Plan, error)
	Create(ctx context.Context, agreed arrays.Plan, observer operations.Observer) (pools.View, error)
}

// app is a run of holm, with what these commands need.
type app struct {
	*cli.App
	Needs
}

// Commands are those about pools.
func Commands(a *cli.App, n Needs) []*cobra.Command { return []*cobra.Command{poolCommand(&app{a, n})} }
