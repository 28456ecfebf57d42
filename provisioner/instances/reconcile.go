package instances

import (
	"context"
	"slices"
	"sync"
	"time"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// A guest whose kernel has panicked is started again, but not more often than maxPanics times in panicsWithin: one that
// panics again and again is left off, with its last words in the console log. startsWithin bounds each start.
const (
	maxPanics    = 3
	panicsWithin = 10 * time.Minute
	startsWithin = 10 * time.Minute
)

// Reconcile brings the records in line with what became of instances since somebody looked. One that its owner has switched off
// from within is on record as stopped from then on, and stays off at the host's next boot; one whose kernel has panicked is
// started again. What a start that was killed has lent of a volume is overwritten. What another holm is at work on is left to that.
func (f *Fleet) Reconcile(ctx context.Context) ([]operations.Ended, error) {
	all, err := f.Records.Instances(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	ended := f.Parts.RelockAll(ctx, all) // also while libvirt is down
	drifted, err := f.drifted(ctx, all)
	if err != nil {
		return ended, err
	}
	h, err := f.Operations.Connect(ctx)
	if err != nil {
		return ended, err
	}
	var mu sync.Mutex
	var working sync.WaitGroup
	for _, d := range drifted {
		working.Go(func() {
			if e := d.mend(ctx, h, d.inst); e.What != "" || e.Err != nil {
				mu.Lock()
				defer mu.Unlock()
				e.Tenant, e.Name = d.inst.Tenant, d.inst.Name
				ended = append(ended, e)
			}
		})
	}
	working.Wait()
	return ended, ctx.Err()
}

// Drifted is what Reconcile would see to now. It changes nothing.
func (f *Fleet) Drifted(ctx context.Context) ([]operations.Ended, error) {
	all, err := f.Records.Instances(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	found := f.Parts.LentAll(ctx, all)
	drifted, err := f.drifted(ctx, all)
	for _, d := range drifted {
		found = append(found, operations.Ended{Tenant: d.inst.Tenant, Name: d.inst.Name, What: d.what})
	}
	return found, err
}

// drift is an instance that is not as it is on record, and what brings both in line.
type drift struct {
	inst model.Instance
	what string
	mend func(context.Context, hypervisor.Driver, model.Instance) operations.Ended
}

func (f *Fleet) drifted(ctx context.Context, all []model.Instance) (found []drift, err error) {
	h, err := f.Operations.Connect(ctx)
	if err != nil {
		return nil, err
	}
	states, err := h.States(ctx)
	if err != nil {
		return nil, err
	}
	halted, err := h.SwitchedOff(ctx)
	if err != nil {
		return nil, err
	}
	for _, inst := range all {
		switch {
		case inst.State != model.Ready && inst.State != model.Booting:
		case inst.Parked && operations.Down(states[inst.UUID]): // the host goes down, or has just come up
		case halted[inst.UUID]:
			found = append(found, drift{inst, "was switched off from within, and is not on record as stopped", f.leaveOff})
		case states[inst.UUID] == hypervisor.Crashed && inst.State == model.Ready:
			found = append(found, drift{inst, "has panicked, and is to be started again", f.revive})
		}
	}
	return found, nil
}

// amend changes the record of an instance whose domain is off, unless somebody is at work on it, or has been since.
func (f *Fleet) amend(ctx context.Context, h hypervisor.Driver, inst model.Instance,
	change func(*model.Instance),
) (done bool, err error) {
	release, err := f.Operations.HoldName(ctx, inst.Tenant, inst.Name, false)
	if fault.KindOf(err) == fault.Busy {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer release()
	now, err := f.Operations.Find(ctx, inst.Tenant, inst.Name)
	if err != nil || now.ID != inst.ID || now.State != inst.State {
		return false, err
	}
	if state, err := h.State(ctx, inst.UUID); err != nil || !operations.Down(state) {
		return false, err
	}
	_, err = f.Records.Update(ctx, inst.ID, func(i *model.Instance) error {
		change(i)
		return nil
	})
	return err == nil, err
}

// leaveOff records that an instance was switched off from within.
func (f *Fleet) leaveOff(ctx context.Context, h hypervisor.Driver, inst model.Instance) operations.Ended {
	done, err := f.amend(ctx, h, inst, func(i *model.Instance) {
		i.State, i.Failure = model.Stopped, ""
		i.SeedAttached = i.SeedAttached && i.ReadyAt.IsZero()
	})
	if !done {
		return operations.Ended{Err: err}
	}
	return operations.Ended{What: "was switched off from within, and stays off: " + model.Command("start", inst)}
}

// revive starts an instance again whose kernel has panicked, or whose QEMU has died.
func (f *Fleet) revive(ctx context.Context, h hypervisor.Driver, inst model.Instance) operations.Ended {
	givenUp := false
	done, err := f.amend(ctx, h, inst, func(i *model.Instance) {
		now := f.Now().UTC()
		i.Panics = slices.DeleteFunc(slices.Clone(i.Panics), func(t time.Time) bool { return now.Sub(t) > panicsWithin })
		if givenUp = len(i.Panics) >= maxPanics; givenUp {
			i.State, i.Failure = model.Failed, "its kernel has panicked again and again: it is left off"
			return
		}
		i.Panics = append(i.Panics, now)
	})
	if !done {
		return operations.Ended{Err: err}
	}
	if givenUp {
		return operations.Ended{What: "has panicked again and again, and is left off: see " + model.Command("logs", inst)}
	}
	ctx, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	if _, err := f.Power.Start(ctx, inst.Tenant, inst.Name, nil); err != nil {
		return operations.Ended{What: "has panicked, and did not become ready again: see " + model.Command("logs", inst), Err: err}
	}
	return operations.Ended{What: "had panicked, and was started again: see " + model.Command("logs", inst)}
}
