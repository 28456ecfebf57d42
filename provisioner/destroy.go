package provisioner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"holm/internal/fault"
	"holm/storage/records"
	"holm/storage/volumes"
)

// Remove destroys an instance and everything that belongs to it, in whatever state it is. What cannot be removed keeps
// its record, so that it can be tried again.
func (p *Provisioner) Remove(ctx context.Context, tenant, name string, observe Observer) error {
	h, inst, release, err := p.hold(ctx, tenant, name, false)
	if err != nil {
		return err
	}
	defer release()
	w := p.watch(observe)
	w.begin("removed")
	if err := p.destroy(ctx, h, inst, w); err != nil {
		w.tell("removed", Broken, err.Error())
		return err
	}
	w.finish("removed", "")
	return nil
}

// destroy is the create's list backwards. It carries on past errors, and drops the record last: as long as anything is
// left, the record says what.
func (p *Provisioner) destroy(ctx context.Context, h Hypervisor, inst records.Instance, w *watcher) error {
	op := p.operation("destroy", inst)
	if err := p.Records.PutOperation(ctx, op); err != nil {
		return err
	}
	inst, err := p.Records.Update(ctx, inst.ID, func(i *records.Instance) error {
		i.State = records.Destroying
		return nil
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"power", func() error { return h.Destroy(ctx, inst.UUID) }},
		{"domain", func() error { return h.Undefine(ctx, inst.UUID) }},
		{"volume", func() error { return volumes.Remove(p.statePath(inst.ID)) }},
		{"seed", func() error { return removeFile(p.seedPath(inst.ID)) }},
		{"folder", func() error { return os.RemoveAll(p.instanceDir(inst.ID)) }},
		{"network", func() error { return p.dropNetwork(ctx, h, inst.ID) }},
	} {
		p.crash("destroy." + step.name + ".before")
		w.note("removed", step.name)
		if err := step.do(); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", step.name, err))
		}
		p.crash("destroy." + step.name + ".after")
		op.Steps = append(op.Steps, step.name)
	}
	op.Status, op.Ended = records.Done, p.Now()
	if err := errors.Join(failed...); err != nil {
		op.Status, op.Error = records.Stuck, err.Error()
		return fault.New(fault.Leftover, "try again: holm rm "+inst.Name, "remove %s: %w",
			inst.Name, oneError(append(failed, p.Records.PutOperation(ctx, op))))
	}
	if err := p.Records.Drop(ctx, inst.ID); err != nil {
		return err
	}
	return p.Records.PutOperation(ctx, op)
}

// oneError joins errors on one line.
func oneError(errs []error) error {
	var all error
	for _, err := range slices.DeleteFunc(errs, func(err error) bool { return err == nil }) {
		if all == nil {
			all = err
			continue
		}
		all = fmt.Errorf("%w; %w", all, err)
	}
	return all
}

func (p *Provisioner) crash(point string) {
	if p.Crash != nil {
		p.Crash(point)
	}
}
