package instances

import (
	"context"
	"time"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// Start switches a stopped instance on and waits until it is ready. One that runs is only waited for.
func (p *Power) Start(ctx context.Context, tenant, name string, observe operations.Observer) (model.Instance, error) {
	h, inst, release, err := p.Operations.Hold(ctx, tenant, name, operations.AtOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	return p.powerOn(ctx, h, inst, p.Operations.Watch(observe))
}

// Wait waits until the instance is ready. It first waits for another holm that is at work on it.
func (p *Power) Wait(ctx context.Context, tenant, name string, observe operations.Observer) (model.Instance, error) {
	h, inst, release, err := p.Operations.Hold(ctx, tenant, name, operations.InTurn)
	if err != nil {
		return inst, err
	}
	defer release()
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, operations.Unfinished(inst)
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	if state != hypervisor.Running {
		return inst, operations.NotRunning(inst, state)
	}
	return p.catchUp(ctx, h, inst, p.Operations.Watch(observe))
}

// gracePeriod is how long a restart or a rebuild waits for a guest to power off by itself.
const gracePeriod = time.Minute

// Restart stops the instance and starts it again. A guest that does not power off within a minute has its power cut.
func (p *Power) Restart(ctx context.Context, tenant, name string, observe operations.Observer) (model.Instance, error) {
	h, inst, release, err := p.Operations.Hold(ctx, tenant, name, operations.AtOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	w := p.Operations.Watch(observe)
	stopped, err := p.stopGracefully(ctx, h, inst, w)
	if err != nil {
		return inst, err
	}
	return p.powerOn(ctx, h, stopped, w)
}

// stopGracefully has the guest power off; one that does not within a minute has its power cut.
func (p *Power) stopGracefully(ctx context.Context, h hypervisor.Driver, inst model.Instance,
	w *operations.Watcher,
) (model.Instance, error) {
	polite, cancel := context.WithTimeout(ctx, gracePeriod)
	defer cancel()
	stopped, err := p.powerOff(polite, h, inst, false, w)
	if err != nil && ctx.Err() == nil && polite.Err() != nil {
		stopped, err = p.powerOff(ctx, h, inst, true, w)
	}
	return stopped, err
}
