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
// the hypervisor and of its progress by the guest. A guest that fails is kept, with the reason in its record; one that
// was merely not waited for long enough, or lost sight of, stays as it is.
func (p *Provisioner) awaitReady(ctx context.Context, h Hypervisor, inst records.Instance, began time.Time, w *watcher) (records.Instance, error) {
	w.begin("booting")
	r, err := p.converse(ctx, h, inst, w)
	if bad, ok := errors.AsType[*verdict](err); ok {
		w.tell("booting", Broken, bad.what)
		return p.fail(ctx, inst, bad)
	}
	if err != nil {
		return inst, kept(ctx, inst, err)
	}
	w.finish("booting", "")
	w.begin("ready")
	p.crash("ready.before")
	ready, err := p.settle(ctx, h, inst, r, began)
	if err != nil {
		return inst, kept(ctx, inst, err)
	}
	w.finish("ready", fmt.Sprintf("%s, %d checks passed", ready.ReadyAfter.Round(time.Second), ready.ChecksPassed))
	return ready, nil
}

// kept is the fault for a wait that ended before it was known whether the guest is ready: the guest goes on.
func kept(ctx context.Context, inst records.Instance, err error) error {
	goOn := "kept, and goes on booting: " + command("wait", inst)
	if ended(ctx, err) {
		return cutShort(context.Cause(ctx), goOn, "instance %q is not ready yet", inst.Name)
	}
	kind, remedy := diagnose(err)
	if remedy == "" {
		remedy = goOn
	}
	return fault.New(kind, remedy, "instance %q goes on booting, but: %w", inst.Name, oneError(err))
}

// fail records why an instance did not become ready, and returns that as a fault.
func (p *Provisioner) fail(ctx context.Context, inst records.Instance, bad *verdict) (records.Instance, error) {
	fail := fault.New(bad.kind(), "it is kept: see "+command("logs", inst)+", then "+command("rm", inst), "instance %q is not ready: %w", inst.Name, bad)
	failed, err := p.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *records.Instance) error {
		i.State, i.Failure = records.Failed, bad.what
		i.ChecksPassed, i.ChecksTotal = bad.passed, bad.total
		return nil
	})
	if err != nil {
		return inst, oneError(fail, err)
	}
	return failed, fail
}

// settle takes what a ready guest said into the record, and the seed away from it.
func (p *Provisioner) settle(ctx context.Context, h Hypervisor, inst records.Instance, r report.Report, began time.Time) (records.Instance, error) {
	line := inst.ID + " " + r.HostKey + "\n"
	if err := atomicfile.WriteBytes(p.knownHostsPath(inst.ID), 0o644, []byte(line)); err != nil {
		return inst, err
	}
	now := p.Now().UTC()
	attached, err := p.takeSeed(ctx, h, inst)
	if err != nil {
		return inst, err
	}
	// The guest is ready and its seed gone: that is so even if ctx has ended by now.
	return p.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *records.Instance) error {
		i.State, i.Failure, i.SeedAttached = records.Ready, "", attached
		i.HostKey, i.MachineID, i.Kernel, i.BootID = r.HostKey, r.MachineID, r.Kernel, r.BootID
		i.ChecksPassed, i.ChecksTotal = len(r.Checks), len(r.Checks)
		i.ReadyAt, i.ReadyAfter = now, now.Sub(began)
		return nil
	})
}

// takeSeed detaches the seed and deletes it; attached tells whether the guest has not let go of it yet. The file goes
// only when the definition does not name it any more: no guest starts without a disk of its definition.
func (p *Provisioner) takeSeed(ctx context.Context, h Hypervisor, inst records.Instance) (attached bool, err error) {
	if !inst.SeedAttached {
		return false, nil
	}
	short, cancel := context.WithTimeout(ctx, detachWithin)
	defer cancel()
	live, err := h.DetachDisk(short, inst.UUID, "vdc")
	if err != nil {
		return true, fmt.Errorf("detach the seed: %w", err)
	}
	p.crash("ready.seed-detached")
	if err := removeFile(p.seedPath(inst.ID)); err != nil {
		return true, fmt.Errorf("delete the seed: %w", err)
	}
	p.crash("ready.seed-deleted")
	return !live, nil
}
