package provisioner

import (
	"context"
	"errors"
	"time"

	"holm/internal/fault"
	"holm/provisioner/saga"
	"holm/storage/records"
)

// Start switches a stopped instance on and waits until it is ready. One that runs is only waited for.
func (p *Provisioner) Start(ctx context.Context, tenant, name string, observe Observer) (records.Instance, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, false)
	if err != nil {
		return inst, err
	}
	defer release()
	return p.powerOn(ctx, h, inst, p.watch(observe))
}

// hold finds an instance and takes its lock for a change.
func (p *Provisioner) hold(ctx context.Context, tenant, name string, wait bool) (Hypervisor, records.Instance, func(), error) {
	if _, err := p.find(ctx, tenant, name); err != nil {
		return nil, records.Instance{}, nil, err
	}
	release, err := p.holdName(ctx, tenant, name, wait)
	if err != nil {
		return nil, records.Instance{}, nil, err
	}
	// Again: it may have been removed while the lock was waited for.
	inst, err := p.find(ctx, tenant, name)
	if err != nil {
		release()
		return nil, inst, nil, err
	}
	h, err := p.connect(ctx)
	if err != nil {
		release()
		return nil, inst, nil, err
	}
	return h, inst, release, nil
}

func (p *Provisioner) powerOn(ctx context.Context, h Hypervisor, inst records.Instance, w *watcher) (records.Instance, error) {
	if inst.State == records.Creating || inst.State == records.Destroying {
		return inst, unfinished(inst)
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	if state == DomainRunning {
		if inst.State == records.Ready {
			return inst, nil
		}
		return p.awaitReady(ctx, h, inst, p.Now(), w)
	}
	image, err := p.Images.Get(inst.Image)
	if err != nil {
		return inst, err
	}
	started := p.Now()
	op := p.operation("start", inst)
	if _, err := p.runner(w).Run(ctx, op, []saga.Stage{{p.network(h, inst, w)}, {p.start(h, inst, image, w)}}); err != nil {
		failed, ok := errors.AsType[*saga.Failed](err)
		if ok && failed.Cause != nil {
			return inst, fault.New(fault.KindOf(failed.Cause), fault.RemedyOf(failed.Cause), "start %s: %w", inst.Name, failed.Cause)
		}
		return inst, err
	}
	inst, err = p.Records.Update(ctx, inst.ID, func(i *records.Instance) error {
		i.State, i.Failure = records.Booting, ""
		return nil
	})
	if err != nil {
		return inst, err
	}
	return p.awaitReady(ctx, h, inst, started, w)
}

// unfinished is the fault for an instance that a holm which died left half made or half removed.
func unfinished(inst records.Instance) error {
	remedy := "remove what there is: holm rm " + inst.Name
	if inst.State == records.Creating {
		remedy += "      or make it again: holm create " + inst.Name
	}
	return fault.New(fault.Failure, remedy, "instance %q was left unfinished (%s)", inst.Name, inst.State)
}

// Stop asks the guest to power off and waits until it is off; force cuts the power instead. A stopped instance stays
// as it is.
func (p *Provisioner) Stop(ctx context.Context, tenant, name string, force bool, observe Observer) error {
	h, inst, release, err := p.hold(ctx, tenant, name, false)
	if err != nil {
		return err
	}
	defer release()
	return p.powerOff(ctx, h, inst, force, p.watch(observe))
}

func (p *Provisioner) powerOff(ctx context.Context, h Hypervisor, inst records.Instance, force bool, w *watcher) error {
	if inst.State == records.Creating || inst.State == records.Destroying {
		return unfinished(inst)
	}
	w.begin("stopped")
	events, err := h.Watch(ctx, inst.UUID)
	if err != nil && !errors.Is(err, ErrNoDomain) {
		return err
	}
	if err == nil {
		ask := h.Shutdown
		if force {
			ask = h.Destroy
		}
		if err := ask(ctx, inst.UUID); err != nil {
			return err
		}
		if err := untilOff(ctx, events); err != nil {
			return fault.New(fault.KindOf(err), "cut the power: holm stop --force "+inst.Name, "instance %q has not powered off: %w", inst.Name, err)
		}
	}
	_, err = p.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *records.Instance) error {
		i.State, i.SeedAttached = records.Stopped, false
		return nil
	})
	w.finish("stopped", "")
	return err
}

func untilOff(ctx context.Context, events <-chan DomainEvent) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case e, open := <-events:
			if !open || e.State == DomainOff || e.State == DomainCrashed || e.State == DomainAbsent {
				return context.Cause(ctx)
			}
		}
	}
}

// Restart stops the instance and starts it again. A guest that does not power off within a minute has its power cut.
func (p *Provisioner) Restart(ctx context.Context, tenant, name string, observe Observer) (records.Instance, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, false)
	if err != nil {
		return inst, err
	}
	defer release()
	w := p.watch(observe)
	polite, cancel := context.WithTimeout(ctx, time.Minute)
	err = p.powerOff(polite, h, inst, false, w)
	cancel()
	if err != nil && ctx.Err() == nil && polite.Err() != nil {
		err = p.powerOff(ctx, h, inst, true, w)
	}
	if err != nil {
		return inst, err
	}
	inst, err = p.find(ctx, tenant, name)
	if err != nil {
		return inst, err
	}
	return p.powerOn(ctx, h, inst, w)
}

// Wait waits until the instance is ready. It first waits for another holm that is at work on it.
func (p *Provisioner) Wait(ctx context.Context, tenant, name string, observe Observer) (records.Instance, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, true)
	if err != nil {
		return inst, err
	}
	defer release()
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	switch {
	case inst.State == records.Creating || inst.State == records.Destroying:
		return inst, unfinished(inst)
	case state != DomainRunning:
		return inst, fault.New(fault.Failure, "run: holm start "+name, "instance %q is not running (%s)", name, status(inst.State, state))
	case inst.State == records.Ready:
		return inst, nil
	}
	return p.awaitReady(ctx, h, inst, p.Now(), p.watch(observe))
}
