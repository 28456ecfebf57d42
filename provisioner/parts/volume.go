package parts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"holm/internal/fault"
)

// volume is the state volume, blank: the guest formats it.
func (p *Parts) volume() Part {
	return Part{Name: "volume", Create: 2, Ensure: p.ensureVolume, Remove: p.removeVolume, Inspect: inspectVolume}
}

func (p *Parts) ensureVolume(ctx context.Context, plan *Plan) error {
	if plan.noDisks != nil {
		return plan.noDisks
	}
	inst, disks := plan.Instance, plan.disks
	key, err := p.passphrase(ctx, plan)
	if err != nil {
		return err
	}
	how := "encrypted"
	if key == nil {
		how = "not encrypted"
	}
	plan.Watcher.Text("volume", fmt.Sprintf("%d GiB, %s, %s", inst.Flavor.DiskGiB, disks.Disk(inst.ID).Format, how))
	err = disks.Create(ctx, inst.ID, inst.Flavor.DiskGiB, key)
	if errors.Is(err, fs.ErrExist) {
		_, err = disks.Usage(ctx, inst.ID) // it was made before, unless it is no volume
	}
	return err
}

// removeVolume wipes and removes the state volume, and notes what it did. A pool that is not there is an error, unless the volume is
// given up: that its folder looks empty does not mean that the volume is gone.
func (p *Parts) removeVolume(ctx context.Context, plan *Plan) error {
	done, err := p.wipeVolume(ctx, plan)
	if err != nil || plan.Note == nil {
		return err
	}
	if plan.Instance.Key != nil {
		done = "key " + plan.Instance.Key.ID + " destroyed, " + done
	}
	return plan.Note(ctx, done)
}

func (p *Parts) wipeVolume(ctx context.Context, plan *Plan) (done string, err error) {
	if plan.noDisks != nil {
		return "", plan.noDisks
	}
	inst, disks := plan.Instance, plan.disks
	if err := p.Reachable(ctx, plan); err != nil {
		if plan.GiveUp && fault.KindOf(err) == fault.Unfit {
			return "volume left to whoever has its drives", nil
		}
		return "", err
	}
	if err := disks.Wipe(ctx, inst.ID); err != nil {
		return "", err
	}
	p.Operations.Crash("destroy.wiped")
	done = "blocks given back, volume removed"
	if inst.Key != nil {
		done = "LUKS header overwritten, " + done
	}
	return done, disks.Remove(ctx, inst.ID)
}

// Reachable refuses to touch an instance whose volume could not be removed with the rest, as its pool is not there: when
// that comes back, the instance can run again.
func (p *Parts) Reachable(ctx context.Context, plan *Plan) error {
	if plan.noDisks != nil || plan.pool == nil {
		return plan.noDisks
	}
	return p.Pools.Present(ctx, *plan.pool, plan.Instance)
}

func inspectVolume(ctx context.Context, plan *Plan) (string, error) {
	has, err := plan.Usage(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return notThere, nil
	case err != nil:
		return "", err
	case has.VirtualBytes < int64(plan.Instance.Flavor.DiskGiB)<<30:
		return fmt.Sprintf("has %d GiB, and %d GiB on record", has.VirtualBytes>>30, plan.Instance.Flavor.DiskGiB), nil
	}
	return "", nil
}
