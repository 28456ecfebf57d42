package instances

import (
	"context"
	"sync"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// ParkAll switches off all that runs, as the host is about to go down: each guest powers off by itself, and StartAll starts again
// exactly those. It goes on past those that do not power off, or at which another holm is at work, and asks all of them at the
// same time: the host does not wait long. Each is one step of what observe sees.
func (f *Fleet) ParkAll(ctx context.Context, observe operations.Observer) ([]Started, error) {
	running, err := f.Running(ctx)
	if err != nil || len(running) == 0 {
		return nil, err
	}
	if err := f.Operations.Prepare(); err != nil {
		return nil, err
	}
	h, err := f.Operations.Connect(ctx)
	if err != nil {
		return nil, err
	}
	w := f.Operations.Watch(observe)
	result := make([]Started, len(running))
	var all sync.WaitGroup
	for i, inst := range running {
		all.Go(func() {
			step := inst.Tenant + "/" + inst.Name
			w.Begin(step)
			result[i] = Started{inst, f.park(ctx, h, inst)}
			if err := result[i].Err; err != nil {
				w.Tell(step, operations.Broken, err.Error())
				return
			}
			w.Finish(step, "off until the host is back")
		})
	}
	all.Wait()
	return result, nil
}

// park has one guest power off. That it did so for the host's sake is on record first: else it could not be told from one that
// its owner has switched off, which stays off.
func (f *Fleet) park(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	release, err := f.Operations.HoldName(ctx, inst.Tenant, inst.Name, false)
	if err != nil {
		return err
	}
	defer release()
	state, err := h.State(ctx, inst.UUID)
	if err != nil || operations.Down(state) {
		return err
	}
	if state != hypervisor.Running {
		return operations.NotRunning(inst, state)
	}
	note := func(ctx context.Context, parked bool) error {
		_, err := f.Records.Update(ctx, inst.ID, func(i *model.Instance) error {
			i.Parked = parked
			return nil
		})
		return err
	}
	if err := note(ctx, true); err != nil {
		return err
	}
	if err := f.Power.journaled(ctx, "park", inst, func() error { return cutOff(ctx, h, inst, false) }); err != nil {
		return operations.OneError(err, note(context.WithoutCancel(ctx), false))
	}
	return nil
}

// Running returns the instances that run, in no particular order.
func (f *Fleet) Running(ctx context.Context) ([]model.Instance, error) {
	_, all, states, err := f.everyState(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var found []model.Instance
	for _, inst := range all {
		if s, there := states[inst.UUID]; there && !operations.Down(s) {
			found = append(found, inst)
		}
	}
	return found, nil
}

// everyState returns all instances, and how the domain of each is, by its UUID. Without instances nobody asks libvirt.
func (f *Fleet) everyState(ctx context.Context) (h hypervisor.Driver, all []model.Instance, states map[string]hypervisor.State, err error) {
	all, err = f.Records.Instances(ctx)
	if err != nil || len(all) == 0 {
		return nil, nil, nil, err
	}
	if h, err = f.Operations.Connect(ctx); err != nil {
		return nil, nil, nil, err
	}
	states, err = h.States(ctx)
	return h, all, states, err
}
