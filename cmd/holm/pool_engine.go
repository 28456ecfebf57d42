package main

import (
	"context"

	"holm/provisioner/pools"
	"holm/storage/arrays"
)

// poolVerbs are about where volumes lie.
type poolVerbs interface {
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

// arrayMaker is the arrays room as the verbs need it.
type arrayMaker interface {
	Plan(ctx context.Context, s arrays.Spec) (arrays.Plan, error)
	Make(ctx context.Context, p arrays.Plan, progress func(step string)) error
}
