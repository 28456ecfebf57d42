package instances

import (
	"context"
	"errors"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/views"
)

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
func (f *Fleet) Unstall(ctx context.Context) ([]Paused, error) {
	h, all, states, err := f.everyState(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var found []Paused
	var failed []error
	for _, inst := range all {
		if states[inst.UUID] != hypervisor.Stalled {
			continue
		}
		paused := Paused{Tenant: inst.Tenant, Name: inst.Name, Pool: inst.Pool, Why: views.WhyStalled(ctx, h, inst)}
		still, err := f.unstallHeld(ctx, inst, &paused)
		if err != nil && !errors.Is(err, hypervisor.ErrNoDomain) {
			failed = append(failed, err)
		}
		if still {
			found = append(found, paused)
		}
	}
	return found, operations.OneError(failed...)
}

// Stalled are the instances that Unstall would look after now. It changes nothing, and does not say which of them have room again.
func (f *Fleet) Stalled(ctx context.Context) ([]Paused, error) {
	h, all, states, err := f.everyState(ctx)
	if err != nil {
		return nil, err
	}
	var found []Paused
	for _, inst := range all {
		if states[inst.UUID] == hypervisor.Stalled {
			found = append(found, Paused{Tenant: inst.Tenant, Name: inst.Name, Pool: inst.Pool, Why: views.WhyStalled(ctx, h, inst)})
		}
	}
	return found, nil
}

// unstallHeld is unstall for an instance that was seen stalled before its lock was taken. By now it may be gone, or be paused by
// somebody: then it is not to go on.
func (f *Fleet) unstallHeld(ctx context.Context, seen model.Instance, paused *Paused) (still bool, err error) {
	h, inst, release, err := f.Operations.Hold(ctx, seen.Tenant, seen.Name, operations.AtOnce)
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
	paused.Resumed, err = f.Power.unstall(ctx, h, inst)
	return true, err
}
