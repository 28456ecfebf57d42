package pools

import (
	"context"
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/operations"
	"holm/storage/arrays"
	"holm/storage/pools"
)

// Arrays makes arrays of drives that hold nothing. Implementation: storage/arrays.
type Arrays interface {
	Plan(ctx context.Context, s arrays.Spec) (arrays.Plan, error)
	// Make makes what was planned, or takes back what it has done of it; progress is told of each step as it begins.
	Make(ctx context.Context, p arrays.Plan, progress func(step string)) error
}

// Maker makes arrays, and pools of them.
type Maker struct {
	// Pools is a Service.
	Pools interface {
		Names(ctx context.Context) ([]string, error)
		Make(ctx context.Context, spec Spec, build func(context.Context) error) (View, error)
	}
	Arrays Arrays
}

// Plan says what Create would do. It refuses a name that is taken, and drives that hold anything.
func (m Maker) Plan(ctx context.Context, spec arrays.Spec) (arrays.Plan, error) {
	names, err := m.Pools.Names(ctx)
	if err == nil && slices.Contains(names, spec.Name) {
		err = fault.New(fault.Exists, "see it: holm pool show "+spec.Name, "pool %q exists already", spec.Name)
	}
	if err != nil {
		return arrays.Plan{}, err
	}
	return m.Arrays.Plan(ctx, spec)
}

// Create makes the array that was agreed to, and a pool of it that demands of its drives what it was made of. An array that is made
// while its pool is not is left behind: somebody may want to look at it.
func (m Maker) Create(ctx context.Context, agreed arrays.Plan, observe operations.Observer) (View, error) {
	made := false
	v, err := m.Pools.Make(ctx, Spec{Name: agreed.Name, Path: agreed.Mount, Require: demanded(agreed)}, func(ctx context.Context) error {
		err := m.build(ctx, agreed, observe)
		made = err == nil
		return err
	})
	if err != nil && made {
		return v, fault.New(fault.Leftover, "the array is made and mounted: holm pool add "+agreed.Name+" "+agreed.Mount,
			"pool %s: %w", agreed.Name, err)
	}
	return v, err
}

// build makes what was agreed to. It looks at the drives anew: whoever had the pools before may have taken them.
func (m Maker) build(ctx context.Context, agreed arrays.Plan, observe operations.Observer) error {
	plan, err := m.Arrays.Plan(ctx, agreed.Spec)
	if err != nil {
		return err
	}
	if !slices.Equal(plan.Lines(), agreed.Lines()) {
		return fault.New(fault.Refused, "see what would be done now: --dry-run", "the drives have changed since they were looked at")
	}
	begin, end := steps(observe)
	err = m.Arrays.Make(ctx, plan, begin)
	end(err)
	return err
}

// steps tells an observer of steps of which only the beginning is known: each ends the one before, and end the last.
func steps(observer operations.Observer) (begin func(step string), end func(error)) {
	open := ""
	tell := func(phase operations.Phase) {
		if observer != nil && open != "" {
			observer(operations.Event{Step: open, Phase: phase})
		}
	}
	begin = func(step string) {
		tell(operations.Finished)
		open = step
		tell(operations.Begun)
	}
	return begin, func(err error) {
		if err != nil {
			tell(operations.Broken)
			return
		}
		tell(operations.Finished)
	}
}

// demanded is what is required of the pool from now on: what it is made of.
func demanded(p arrays.Plan) string {
	required := []string{p.Level}
	if !slices.ContainsFunc(p.Drives, func(d arrays.Drive) bool { return !strings.HasPrefix(d.Name, "nvme") }) {
		required = append(required, string(pools.RequireNVMe))
	}
	return strings.Join(required, ",")
}
