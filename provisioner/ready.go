package provisioner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holm/guest/report"
	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/storage/records"
)

// detachWithin is how long a guest may take to let go of its seed. It need not: the seed holds no secret, and it is
// gone at the next start.
const detachWithin = 15 * time.Second

// awaitReady waits until the guest has said that it is ready and what it said holds. It is told of the guest's end by
// the hypervisor and of its progress by the guest: nothing is polled. A guest that fails is kept, with the reason in
// its record; one that was merely not waited for long enough stays as it is.
func (p *Provisioner) awaitReady(ctx context.Context, h Hypervisor, inst records.Instance, started time.Time, w *watcher) (records.Instance, error) {
	w.begin("booting")
	r, err := p.converse(ctx, h, inst, w)
	if err != nil {
		if ctx.Err() != nil {
			return inst, notWaited(inst, context.Cause(ctx))
		}
		w.tell("booting", Broken, err.Error())
		return p.fail(ctx, inst, err)
	}
	w.finish("booting", "")
	w.begin("ready")
	inst, err = p.settle(ctx, h, inst, r, started)
	if err != nil {
		return inst, err
	}
	w.finish("ready", fmt.Sprintf("%s, %d checks passed", inst.ReadyAfter.Round(time.Second), inst.ChecksPassed))
	return inst, nil
}

// notWaited is the fault for a wait that ended before the guest was ready: the guest goes on.
func notWaited(inst records.Instance, cause error) error {
	kind, what := fault.Interrupted, "stopped waiting for instance %q: %w"
	if errors.Is(cause, context.DeadlineExceeded) {
		kind, what = fault.Failure, "instance %q is not ready in time: %w"
	}
	return fault.New(kind, "kept, and goes on booting: holm wait "+inst.Name, what, inst.Name, cause)
}

// fail records why an instance did not become ready, and returns that as a fault.
func (p *Provisioner) fail(ctx context.Context, inst records.Instance, cause error) (records.Instance, error) {
	failed, err := p.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *records.Instance) error {
		i.State, i.Failure = records.Failed, cause.Error()
		if bad, ok := errors.AsType[*checksFailed](cause); ok {
			i.ChecksPassed, i.ChecksTotal = bad.passed, bad.total
		}
		return nil
	})
	kind := fault.Failure
	if _, ok := errors.AsType[*checksFailed](cause); ok {
		kind = fault.CheckFailed
	}
	if f, ok := errors.AsType[*fault.Error](cause); ok {
		kind = f.Kind
	}
	return failed, errors.Join(fault.New(kind, "it is kept: see holm logs "+inst.Name+", then holm rm "+inst.Name,
		"instance %q is not ready: %w", inst.Name, cause), err)
}

// settle takes what a ready guest said into the record, and the seed away from it.
func (p *Provisioner) settle(ctx context.Context, h Hypervisor, inst records.Instance, r report.Report, started time.Time) (records.Instance, error) {
	line := inst.ID + " " + r.HostKey + "\n"
	if err := atomicfile.WriteBytes(p.knownHostsPath(inst.ID), 0o644, []byte(line)); err != nil {
		return inst, err
	}
	now := p.Now().UTC()
	let := !inst.SeedAttached
	if inst.SeedAttached {
		short, cancel := context.WithTimeout(ctx, detachWithin)
		live, err := h.DetachDisk(short, inst.UUID, "vdc")
		cancel()
		if err != nil && short.Err() == nil {
			return inst, fmt.Errorf("detach the seed: %w", err)
		}
		let = live
		if err := removeFile(p.seedPath(inst.ID)); err != nil {
			return inst, fmt.Errorf("delete the seed: %w", err)
		}
	}
	return p.Records.Update(ctx, inst.ID, func(i *records.Instance) error {
		i.State, i.Failure, i.SeedAttached = records.Ready, "", !let
		i.HostKey, i.MachineID, i.Kernel, i.BootID = r.HostKey, r.MachineID, r.Kernel, r.BootID
		i.ChecksPassed, i.ChecksTotal = len(r.Checks), len(r.Checks)
		i.ReadyAt, i.ReadyAfter = now, now.Sub(started)
		return nil
	})
}
