package instances

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"holm/guest/report"
	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/provisioner/guestlink"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/proof"
	"holm/provisioner/verify"
)

// detachWithin is how long a guest may take to let go of its seed. One that does not is not ready, as it still has what
// it was promised to lose; its next start has no seed.
const detachWithin = 30 * time.Second

// mostUndecided is how many files of /etc a guest can say that its owner has to look at: what is beyond is no number of files.
const mostUndecided = 10000

// boot is a guest that was switched on.
type boot struct {
	inst   model.Instance
	began  time.Time
	world  *report.Environment // what it is told
	around *model.Around       // all that is on record, as it was when the record of the instance was written last; nil is not known
	w      *operations.Watcher
}

// look takes what is on record into a boot, in the transaction that changes its record.
func (b *boot) look(around model.Around) error {
	b.around = &around
	return nil
}

// awaitReady is becomeReady, and tells the guest of siblings that have come or gone meanwhile: of two that are made at the same
// time, neither is there yet when the other one is told, and neither can be told while it is being made.
func (rd *Readiness) awaitReady(ctx context.Context, h hypervisor.Driver, b *boot) (model.Instance, error) {
	inst := b.inst
	ctx, done := rd.Operations.GivingWay(ctx, inst)
	defer done()
	if b.around == nil {
		around, err := rd.Records.Around(ctx)
		if err != nil {
			return inst, kept(ctx, inst, err)
		}
		b.around = &around
	}
	var err error
	if b.world, err = rd.Link.ToTell(*b.around, inst); err != nil {
		return inst, kept(ctx, inst, err)
	}
	ready, err := rd.becomeReady(ctx, h, b)
	if err != nil {
		return ready, err
	}
	if now, err := rd.Link.ToTell(*b.around, ready); err == nil && !reflect.DeepEqual(b.world, now) {
		_, _ = rd.Environments.tell(ctx, h, ready, siblingWithin, rd.Operations.Watch(nil)) // as for any sibling: the next start tells it again
	}
	return ready, nil
}

// becomeReady waits until the guest has said that its profile is up, takes its seed away, and holds it to its promises.
// It is told of the guest's end by the hypervisor and of its progress by the guest. A guest that fails is kept, with the
// reason in its record; one that was merely not waited for long enough, or lost sight of, stays as it is.
func (rd *Readiness) becomeReady(ctx context.Context, h hypervisor.Driver, b *boot) (model.Instance, error) {
	inst, w := b.inst, b.w
	w.Begin("booting")
	r, err := rd.Link.Converse(ctx, h, inst, b.world, w)
	if bad, ok := errors.AsType[*guestlink.Verdict](err); ok {
		w.Tell("booting", operations.Broken, bad.What)
		return rd.fail(ctx, inst, bad, nil)
	}
	if err != nil {
		return inst, kept(ctx, inst, err)
	}
	w.Finish("booting", "")
	rd.Operations.Crash("ready.before")
	settled, err := rd.settle(ctx, h, b, r)
	if err != nil {
		return inst, kept(ctx, inst, err)
	}
	rd.Operations.Crash("ready.settled")
	if len(settled.Exposed) > 0 {
		if err := rd.Publisher.openGuestPorts(ctx, h, settled, w); err != nil {
			return settled, kept(ctx, settled, err)
		}
	}
	if settled.Unverified {
		return rd.declareReady(ctx, b, settled, nil)
	}
	w.Begin("verified")
	v, err := rd.Proof.Check(ctx, h, settled, *b.around, w)
	if err == nil && !v.Holds() {
		bad := proof.Against(v)
		w.Tell("verified", operations.Broken, bad.What)
		return rd.fail(ctx, settled, bad, &v)
	}
	if bad, ok := errors.AsType[*guestlink.Verdict](err); ok {
		w.Tell("verified", operations.Broken, bad.What)
		return rd.fail(ctx, settled, bad, nil)
	}
	if err != nil {
		return settled, kept(ctx, settled, err)
	}
	w.Finish("verified", proof.Summary(v))
	rd.Operations.Crash("ready.verified")
	return rd.declareReady(ctx, b, settled, &v)
}

// declareReady records that the instance is ready: what was seen of it is so, even if ctx has ended by now.
func (rd *Readiness) declareReady(ctx context.Context, b *boot, inst model.Instance, v *verify.Verdict) (model.Instance, error) {
	w := b.w
	w.Begin("ready")
	ready, err := rd.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *model.Instance) error {
		now := rd.Now().UTC()
		i.State, i.Failure, i.Previous = model.Ready, "", nil
		i.ReadyAt, i.ReadyAfter = now, now.Sub(b.began)
		// What was counted at an earlier boot says nothing of this one.
		i.ChecksPassed, i.ChecksTotal, i.CheckedAt = 0, 0, time.Time{}
		if v != nil {
			rd.Proof.Count(i, *v)
		}
		return nil
	}, b.look)
	if err != nil {
		return inst, kept(ctx, inst, err)
	}
	checks := "not verified (--no-verify)"
	if v != nil {
		checks = proof.Summary(*v)
	}
	w.Finish("ready", fmt.Sprintf("%s, %s", ready.ReadyAfter.Round(time.Second), checks))
	return ready, nil
}

// kept is the fault for a wait that ended before it was known whether the guest is ready: the guest goes on.
func kept(ctx context.Context, inst model.Instance, err error) error {
	goOn := model.Try("kept, and goes on booting", "wait", inst)
	if operations.IsEndOf(ctx, err) {
		return operations.CutShort(context.Cause(ctx), goOn, "instance %q is not ready yet", inst.Name)
	}
	return fault.Wrap(operations.OneError(err), "instance %q goes on booting, but", inst.Name).OrRemedy(goOn)
}

// fail records why an instance did not become ready, and returns that as a fault. The counts are those of v, when it came
// to a verdict.
func (rd *Readiness) fail(ctx context.Context, inst model.Instance, bad *guestlink.Verdict, v *verify.Verdict) (model.Instance, error) {
	verb := "logs"
	if v != nil {
		verb = "verify"
	}
	ways := bad.Advice(model.Try("it is kept: see", verb, inst))
	if len(inst.Exposed) > 0 {
		ways = ways.Or("its published ports are kept, too", "expose", model.Args(inst)...)
	}
	ways = ways.Or("give it up", "rm", model.Args(inst)...)
	fail := fault.New(bad.Code(), ways, "instance %q is not ready: %w", fault.Instance(inst.Name), bad)
	failed, err := rd.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *model.Instance) error {
		i.State, i.Failure = model.Failed, bad.What
		i.ChecksPassed, i.ChecksTotal, i.CheckedAt = 0, 0, time.Time{}
		if v != nil {
			rd.Proof.Count(i, *v)
		}
		return nil
	})
	if err != nil {
		return inst, operations.OneError(fail, err)
	}
	return failed, fail
}

// settle takes what a guest that is up said into the record, and the seed away from it. It is not ready yet.
func (rd *Readiness) settle(ctx context.Context, h hypervisor.Driver, b *boot, r report.Report) (model.Instance, error) {
	inst := b.inst
	line := inst.ID + " " + r.HostKey + "\n"
	if err := atomicfile.WriteBytes(parts.KnownHostsPath(rd.Parts.Dir, inst.ID), 0o644, []byte(line)); err != nil {
		return inst, err
	}
	attached, err := rd.takeSeed(ctx, h, inst)
	if err != nil {
		return inst, err
	}
	// The seed is gone: that is so even if ctx has ended by now.
	return rd.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *model.Instance) error {
		i.State, i.Failure, i.SeedAttached = model.Booting, "", attached
		i.HostKey, i.MachineID, i.Kernel, i.BootID = r.HostKey, r.MachineID, r.Kernel, r.BootID
		i.Undecided = min(max(0, r.Undecided), mostUndecided)
		return nil
	}, b.look)
}

// takeSeed detaches the seed and deletes it; attached tells whether the guest has not let go of it yet. The file goes
// only when the definition does not name it any more: no guest starts without a disk of its definition.
func (rd *Readiness) takeSeed(ctx context.Context, h hypervisor.Driver, inst model.Instance) (attached bool, err error) {
	if !inst.SeedAttached {
		return false, nil
	}
	short, cancel := context.WithTimeout(ctx, detachWithin)
	defer cancel()
	live, err := h.DetachDisk(short, inst.UUID, "vdc")
	if err != nil {
		return true, fmt.Errorf("detach the seed: %w", err)
	}
	rd.Operations.Crash("ready.seed-detached")
	if err := operations.RemoveFile(parts.SeedPath(rd.Parts.Dir, inst.ID)); err != nil {
		return true, fmt.Errorf("delete the seed: %w", err)
	}
	rd.Operations.Crash("ready.seed-deleted")
	return !live, nil
}
