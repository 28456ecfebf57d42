package pools

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// Present refuses, for an instance in it, a pool whose place is empty or taken by something else. One that is degraded, or read-only, is
// there.
func (svc *Service) Present(ctx context.Context, pool model.Pool, inst model.Instance) error {
	tree, err := svc.Look(ctx, pool)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if why := lostWhy(pool, tree, err); why != "" {
		return fault.New(fault.PoolAbsent, "bring it back: holm pool show "+pool.Name+
			"      or give the volume up: "+model.Command("rm --give-up-volume", inst), "pool %q is not there: %s", fault.Pool(pool.Name), why)
	}
	return nil
}
