package provisioner

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// reachable refuses to touch an instance whose volume could not be removed with the rest, as its pool is not there: when
// that comes back, the instance can run again.
func (p *Provisioner) reachable(ctx context.Context, inst model.Instance) error {
	pool, err := p.poolOf(ctx, inst)
	if err != nil || pool == nil {
		return err
	}
	return p.present(ctx, *pool, inst)
}

// removeVolume wipes and removes the state volume of an instance, and says what it did. A pool that is not there is an error:
// that its folder looks empty does not mean that the volume is gone.
func (p *Provisioner) removeVolume(ctx context.Context, inst model.Instance) (done string, err error) {
	if err := p.reachable(ctx, inst); err != nil {
		return "", err
	}
	disks, err := p.disks(ctx, inst.Pool)
	if err != nil {
		return "", err
	}
	if err := disks.Wipe(ctx, inst.ID); err != nil {
		return "", err
	}
	p.crash("destroy.wiped")
	done = "blocks given back, volume removed"
	if inst.Key != nil {
		done = "LUKS header overwritten, " + done
	}
	return done, disks.Remove(ctx, inst.ID)
}

// giveUpVolume is removeVolume for an instance whose pool will not come back: then it leaves the volume to whoever has
// the drives.
func (p *Provisioner) giveUpVolume(ctx context.Context, inst model.Instance) (done string, err error) {
	if err := p.reachable(ctx, inst); fault.KindOf(err) == fault.Unfit {
		return "volume left to whoever has its drives", nil
	}
	return p.removeVolume(ctx, inst)
}

// present refuses a pool whose place is empty or taken by something else. One that is degraded, or read-only, is there.
func (p *Provisioner) present(ctx context.Context, pool model.Pool, inst model.Instance) error {
	tree, err := p.Look(ctx, pool)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if why := lostWhy(pool, tree, err); why != "" {
		return fault.New(fault.Unfit, "bring it back: holm pool show "+pool.Name+
			"      or give the volume up: "+command("rm --give-up-volume", inst), "pool %q is not there: %s", pool.Name, why)
	}
	return nil
}
