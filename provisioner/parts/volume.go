package parts

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// Removal removes the volume of an instance, and says what it did.
type Removal func(ctx context.Context, inst model.Instance) (done string, err error)

// RemoveVolume wipes and removes the state volume of an instance, and says what it did. A pool that is not there is an error:
// that its folder looks empty does not mean that the volume is gone.
func (p *Parts) RemoveVolume(ctx context.Context, inst model.Instance) (done string, err error) {
	if err := p.Pools.Reachable(ctx, inst); err != nil {
		return "", err
	}
	disks, err := p.Pools.Disks(ctx, inst.Pool)
	if err != nil {
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

// GiveUpVolume is removeVolume for an instance whose pool will not come back: then it leaves the volume to whoever has
// the drives.
func (p *Parts) GiveUpVolume(ctx context.Context, inst model.Instance) (done string, err error) {
	if err := p.Pools.Reachable(ctx, inst); fault.KindOf(err) == fault.Unfit {
		return "volume left to whoever has its drives", nil
	}
	return p.RemoveVolume(ctx, inst)
}
