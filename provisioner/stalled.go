package provisioner

import (
	"context"
	"errors"
	"fmt"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/model"
)

// resumeAbove is how much has to be free in a pool before a guest goes on that was paused for want of it, in bytes.
const resumeAbove = 64 << 20

// whyStalled says why the hypervisor has paused an instance.
func whyStalled(ctx context.Context, h hypervisor.Driver, inst model.Instance) string {
	failed, err := h.DiskErrors(ctx, inst.UUID)
	if err != nil || failed[machine.StateTarget] == "" {
		return "a disk has failed"
	}
	if failed[machine.StateTarget] == hypervisor.DiskFull {
		return "no space in " + poolText(inst.Pool)
	}
	return "the disk " + machine.StateTarget + " has failed: " + failed[machine.StateTarget]
}

func poolText(pool string) string {
	if pool == "" {
		return "the state directory"
	}
	return fmt.Sprintf("pool %q", pool)
}

// roomIn is how many bytes are free where the volumes of a pool lie.
func (p *Provisioner) roomIn(ctx context.Context, pool string) (uint64, error) {
	if pool == "" {
		host, err := p.Measure(ctx)
		return host.FreeBytes, err
	}
	found, err := p.pool(ctx, pool)
	if err != nil {
		return 0, err
	}
	s, err := p.survey(ctx, found)
	if err == nil && s.pool.Health.Status == model.PoolBroken {
		err = broken(s.pool)
	}
	return s.tree.FreeBytes, err
}

// unstall lets an instance go on that was paused because its pool was full, if that has room now.
func (p *Provisioner) unstall(ctx context.Context, h hypervisor.Driver, inst model.Instance) (resumed bool, err error) {
	free, err := p.roomIn(ctx, inst.Pool)
	if err != nil || free < resumeAbove {
		return false, err
	}
	err = p.journaled(ctx, "resume", inst, func() error { return h.Resume(ctx, inst.UUID) })
	return err == nil, err
}

// stillFull is the fault for an instance that cannot go on.
func stillFull(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	return fault.New(fault.Failure, "make room, then: "+command("start", inst)+"      or cut its power: "+command("stop --force", inst),
		"instance %q is paused: %s", inst.Name, whyStalled(ctx, h, inst))
}

// Paused is an instance that was paused because of its disk.
type Paused struct {
	Tenant string `json:"tenant"`
	Name   string `json:"name"`
	Pool   string `json:"pool,omitempty"`
	Why    string `json:"why"`
	// Resumed: there is room again, and it goes on.
	Resumed bool `json:"resumed"`
}

// Unstall lets every instance go on that was paused because its pool was full and now is not. It returns all that were
// paused because of a disk. One that another holm is at work on is left to that.
func (p *Provisioner) Unstall(ctx context.Context) ([]Paused, error) {
	h, all, states, err := p.everyState(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var found []Paused
	var failed []error
	for _, inst := range all {
		if states[inst.UUID] != hypervisor.Stalled {
			continue
		}
		paused := Paused{Tenant: inst.Tenant, Name: inst.Name, Pool: inst.Pool, Why: whyStalled(ctx, h, inst)}
		still, err := p.unstallHeld(ctx, inst, &paused)
		if err != nil && !errors.Is(err, hypervisor.ErrNoDomain) {
			failed = append(failed, err)
		}
		if still {
			found = append(found, paused)
		}
	}
	return found, oneError(failed...)
}

// unstallHeld is unstall for an instance that was seen stalled before its lock was taken. By now it may be gone, or be paused by
// somebody: then it is not to go on.
func (p *Provisioner) unstallHeld(ctx context.Context, seen model.Instance, paused *Paused) (still bool, err error) {
	h, inst, release, err := p.hold(ctx, seen.Tenant, seen.Name, atOnce)
	switch fault.KindOf(err) {
	case fault.Busy, fault.NotFound:
		return false, nil
	}
	if err != nil {
		return true, err
	}
	defer release()
	state, err := h.State(ctx, inst.UUID)
	if err != nil || state != hypervisor.Stalled {
		return err != nil, err
	}
	paused.Resumed, err = p.unstall(ctx, h, inst)
	return true, err
}
