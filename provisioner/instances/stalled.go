package instances

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/pools"
	"holm/provisioner/views"
)

// resumeAbove is how much has to be free in a pool before a guest goes on that was paused for want of it, in bytes.
const resumeAbove = 64 << 20

// roomIn is how many bytes are free where the volumes of a pool lie.
func (p *Power) roomIn(ctx context.Context, pool string) (uint64, error) {
	if pool == "" {
		host, err := p.Measure(ctx)
		return host.FreeBytes, err
	}
	found, err := p.Pools.Get(ctx, pool)
	if err != nil {
		return 0, err
	}
	s, err := p.Pools.Survey(ctx, found)
	if err == nil && s.Pool.Health.Status == model.PoolBroken {
		err = pools.Broken(s.Pool)
	}
	return s.Tree.FreeBytes, err
}

// unstall lets an instance go on that was paused because its pool was full, if that has room now.
func (p *Power) unstall(ctx context.Context, h hypervisor.Driver, inst model.Instance) (resumed bool, err error) {
	free, err := p.roomIn(ctx, inst.Pool)
	if err != nil || free < resumeAbove {
		return false, err
	}
	err = p.journaled(ctx, "resume", inst, func() error { return h.Resume(ctx, inst.UUID) })
	return err == nil, err
}

// stillFull is the fault for an instance that cannot go on.
func stillFull(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	return fault.New(fault.InstanceStalled, "make room, then: "+model.Command("start", inst)+
		"      or cut its power: "+model.Command("stop --force", inst),
		"instance %q is paused: %s", fault.Instance(inst.Name), views.WhyStalled(ctx, h, inst))
}
