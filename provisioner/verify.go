package provisioner

import (
	"context"
	"errors"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/verify"
)

// Verify holds a running instance to its promises and records how many it keeps. It changes nothing else: an instance
// that was ready stays so, and one that was made without being verified goes on to be started without. The verdict is
// there whether the promises hold or not; an error means that there is none.
func (p *Provisioner) Verify(ctx context.Context, tenant, name string, observe Observer) (verify.Verdict, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, atOnce)
	if err != nil {
		return verify.Verdict{}, err
	}
	defer release()
	ctx, done := p.givingWay(ctx, inst)
	defer done()
	return p.verify(ctx, h, inst, observe)
}

// verify is Verify for whoever holds the name already.
func (p *Provisioner) verify(ctx context.Context, h hypervisor.Driver, inst model.Instance, observe Observer) (verify.Verdict, error) {
	if err := verifiable(ctx, h, inst); err != nil {
		return verify.Verdict{}, err
	}
	w := p.watch(observe)
	w.begin("verified")
	op := p.operation("verify", inst)
	op.Steps = []string{"verify"}
	v, err := p.check(ctx, h, inst, w)
	if err != nil {
		return verify.Verdict{}, p.unverified(ctx, inst, op, err, w)
	}
	// What was seen is so, even if ctx has ended by now.
	after := context.WithoutCancel(ctx)
	p.crash("verify.judged")
	if _, err := p.Records.Update(after, inst.ID, func(i *model.Instance) error {
		p.count(i, v)
		return nil
	}); err != nil {
		return v, err
	}
	p.crash("verify.recorded")
	op.Status, op.Ended = model.Done, p.Now().UTC()
	if !v.Holds() {
		op.Error = summary(v)
	}
	if err := p.Records.PutOperation(after, op); err != nil {
		return v, err
	}
	if !v.Holds() {
		w.tell("verified", Broken, summary(v))
		return v, nil
	}
	w.finish("verified", summary(v))
	return v, nil
}

// count takes a verdict into a record.
func (p *Provisioner) count(i *model.Instance, v verify.Verdict) {
	i.ChecksPassed, i.ChecksTotal, i.CheckedAt = v.Counts().Passed, total(v), p.Now().UTC()
}

// verifiable refuses what cannot be asked: an instance that does not run, or that has never said who it is.
func verifiable(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	if inst.State == model.Creating || inst.State == model.Destroying {
		return unfinished(inst)
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return err
	}
	if state != hypervisor.Running {
		return notRunning(inst, state)
	}
	if inst.State == model.Ready || inst.State == model.Failed && inst.HostKey != "" {
		return nil
	}
	return fault.New(fault.Failure, "wait for it: "+command("wait", inst),
		"instance %q is not ready yet (%s)", inst.Name, status(inst.State, state))
}

// unverified journals that there is no verdict, and says why.
func (p *Provisioner) unverified(ctx context.Context, inst model.Instance, op model.Operation, failed error, w *watcher) error {
	var result error
	bad, guilty := errors.AsType[*verdict](failed)
	switch {
	case guilty:
		result = fault.New(bad.kind(), bad.advice("see "+command("logs", inst)), "instance %q cannot be verified: %w", inst.Name, bad)
	case ended(ctx, failed):
		result = cutShort(context.Cause(ctx), "nothing has changed: "+command("verify", inst), "instance %q is not verified", inst.Name)
	default:
		kind, remedy := diagnose(failed)
		result = fault.New(kind, remedy, "instance %q cannot be verified: %w", inst.Name, oneError(failed))
	}
	w.tell("verified", Broken, clean(result.Error()))
	op.Status, op.Ended, op.Error = model.Undone, p.Now().UTC(), result.Error()
	if err := p.Records.PutOperation(context.WithoutCancel(ctx), op); err != nil {
		return oneError(result, err)
	}
	return result
}
