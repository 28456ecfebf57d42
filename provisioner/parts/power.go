package parts

import (
	"context"
	"strings"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// power is a machine that is switched on.
func (p *Parts) power() Part {
	return Part{
		Name: "power", Made: "started", Create: 4, Start: 2, Running: true,
		Ensure: func(ctx context.Context, plan *Plan) error {
			h, image := plan.Hypervisor, plan.Image
			plan.Watcher.Text("started", image.KernelVersion+"  "+image.Name+"@"+strings.TrimPrefix(image.Short(), "sha256:"))
			if err := p.withKey(ctx, plan, func() error { return h.Start(ctx, plan.Instance.UUID) }); err != nil {
				return err
			}
			return p.Limit(ctx, h, plan.Instance)
		},
		Remove: func(ctx context.Context, plan *Plan) error { return plan.Hypervisor.Destroy(ctx, plan.Instance.UUID) },
		Inspect: func(ctx context.Context, plan *Plan) (string, error) {
			state, err := plan.Hypervisor.State(ctx, plan.Instance.UUID)
			if err != nil || !operations.Down(state) || plan.Instance.Parked { // it went down with the host
				return "", err
			}
			switch plan.Instance.State {
			case model.Ready, model.Booting:
				return "is off, and " + string(plan.Instance.State) + " on record", nil
			}
			return "", nil
		},
	}
}

// Limit holds the QEMU that was just started to its limits. One that has ended by now needs none: whoever waits for the guest
// says why it did. Nor has one that an earlier holm started as libvirt's user, which verify fails until it is started anew.
func (p *Parts) Limit(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	if p.Bound == nil || inst.UID == 0 {
		return nil
	}
	live, err := h.LiveXML(ctx, inst.UUID)
	if err == nil {
		err = p.Bound(inst.Domain, inst.UUID, live, inst.UID)
	}
	if err == nil {
		return nil
	}
	if state, stateErr := h.State(ctx, inst.UUID); stateErr == nil && operations.Down(state) {
		return nil
	}
	return err
}
