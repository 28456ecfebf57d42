package provisioner

import (
	"context"
	"time"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

// hold finds an instance and takes its lock for a change.
func (p *Provisioner) hold(ctx context.Context, tenant, name string, how manner) (hypervisor.Driver, model.Instance, func(), error) {
	refuse := func(err error) (hypervisor.Driver, model.Instance, func(), error) {
		return nil, model.Instance{}, nil, err
	}
	if _, err := p.find(ctx, tenant, name); err != nil {
		return refuse(err)
	}
	if err := p.prepare(); err != nil {
		return refuse(err)
	}
	take := func() (func(), error) { return p.holdName(ctx, tenant, name, how == inTurn) }
	if how == breaksIn {
		take = func() (func(), error) { return p.breakIn(ctx, tenant, name) }
	}
	release, err := take()
	if err != nil {
		return refuse(err)
	}
	// Again: it may have been removed while the lock was waited for.
	inst, err := p.find(ctx, tenant, name)
	if err != nil {
		release()
		return refuse(err)
	}
	h, err := p.connect(ctx)
	if err != nil {
		release()
		return refuse(err)
	}
	return h, inst, release, nil
}

// Start switches a stopped instance on and waits until it is ready. One that runs is only waited for.
func (p *Provisioner) Start(ctx context.Context, tenant, name string, observe Observer) (model.Instance, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, atOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	return p.powerOn(ctx, h, inst, p.watch(observe))
}

// Wait waits until the instance is ready. It first waits for another holm that is at work on it.
func (p *Provisioner) Wait(ctx context.Context, tenant, name string, observe Observer) (model.Instance, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, inTurn)
	if err != nil {
		return inst, err
	}
	defer release()
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, unfinished(inst)
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	if state != hypervisor.Running {
		return inst, notRunning(inst, state)
	}
	return p.catchUp(ctx, h, inst, p.watch(observe))
}

// politely is how long a restart or a rebuild waits for a guest to power off by itself.
const politely = time.Minute

// Restart stops the instance and starts it again. A guest that does not power off within a minute has its power cut.
func (p *Provisioner) Restart(ctx context.Context, tenant, name string, observe Observer) (model.Instance, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, atOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	w := p.watch(observe)
	stopped, err := p.settleDown(ctx, h, inst, w)
	if err != nil {
		return inst, err
	}
	return p.powerOn(ctx, h, stopped, w)
}

// settleDown has the guest power off; one that does not within a minute has its power cut.
func (p *Provisioner) settleDown(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *watcher) (model.Instance, error) {
	polite, cancel := context.WithTimeout(ctx, politely)
	defer cancel()
	stopped, err := p.powerOff(polite, h, inst, false, w)
	if err != nil && ctx.Err() == nil && polite.Err() != nil {
		stopped, err = p.powerOff(ctx, h, inst, true, w)
	}
	return stopped, err
}
