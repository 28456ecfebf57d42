package proof

import (
	"context"
	"errors"

	"holm/internal/fault"
	"holm/provisioner/guestlink"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/verify"
)

// Verify holds a running instance to its promises and records how many it keeps. It changes nothing else: an instance
// that was ready stays so, and one that was made without being verified goes on to be started without. The verdict is
// there whether the promises hold or not; an error means that there is none.
func (svc *Service) Verify(ctx context.Context, tenant, name string, observe operations.Observer) (verify.Verdict, error) {
	h, inst, release, err := svc.Operations.Hold(ctx, tenant, name, operations.AtOnce)
	if err != nil {
		return verify.Verdict{}, err
	}
	defer release()
	ctx, done := svc.Operations.GivingWay(ctx, inst)
	defer done()
	return svc.verify(ctx, h, inst, observe)
}

// verify is Verify for whoever holds the name already.
func (svc *Service) verify(ctx context.Context, h hypervisor.Driver, inst model.Instance,
	observe operations.Observer,
) (verify.Verdict, error) {
	if err := verifiable(ctx, h, inst); err != nil {
		return verify.Verdict{}, err
	}
	w := svc.Operations.Watch(observe)
	w.Begin("verified")
	op := svc.Operations.Operation("verify", inst)
	op.Steps = []string{"verify"}
	var v verify.Verdict
	around, err := svc.Records.Around(ctx)
	if err == nil {
		v, err = svc.Check(ctx, h, inst, around, w)
	}
	if err != nil {
		return verify.Verdict{}, svc.unverified(ctx, inst, op, err, w)
	}
	// What was seen is so, even if ctx has ended by now.
	after := context.WithoutCancel(ctx)
	svc.Operations.Crash("verify.judged")
	if _, err := svc.Records.Update(after, inst.ID, func(i *model.Instance) error {
		svc.Count(i, v)
		return nil
	}); err != nil {
		return v, err
	}
	svc.Operations.Crash("verify.recorded")
	op.Status, op.Ended = model.Done, svc.Now().UTC()
	if !v.Holds() {
		op.Error = Summary(v)
	}
	if err := svc.Records.PutOperation(after, op); err != nil {
		return v, err
	}
	if !v.Holds() {
		w.Tell("verified", operations.Broken, Summary(v))
		return v, nil
	}
	w.Finish("verified", Summary(v))
	return v, nil
}

// Count takes a verdict into a record.
func (svc *Service) Count(i *model.Instance, v verify.Verdict) {
	i.ChecksPassed, i.ChecksTotal, i.CheckedAt = v.Counts().Passed, total(v), svc.Now().UTC()
}

// verifiable refuses what cannot be asked: an instance that does not run, or that has never said who it is.
func verifiable(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	if inst.State == model.Creating || inst.State == model.Destroying {
		return operations.Unfinished(inst)
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return err
	}
	if state != hypervisor.Running {
		return operations.NotRunning(inst, state)
	}
	if inst.State == model.Ready || inst.State == model.Failed && inst.HostKey != "" {
		return nil
	}
	return fault.New(fault.InstanceNotReady, model.Try("wait for it", "wait", inst),
		"instance %q is not ready yet (%s)", fault.Instance(inst.Name), fault.State(operations.StatusOf(inst.State, state)))
}

// unverified journals that there is no verdict, and says why.
func (svc *Service) unverified(ctx context.Context, inst model.Instance, op model.Operation, failed error, w *operations.Watcher) error {
	var result error
	bad, guilty := errors.AsType[*guestlink.Verdict](failed)
	switch {
	case guilty:
		result = fault.New(bad.Code(), bad.Advice(model.Try("see", "logs", inst)),
			"instance %q cannot be verified: %w", fault.Instance(inst.Name), bad)
	case operations.IsEndOf(ctx, failed):
		result = operations.CutShort(context.Cause(ctx), model.Try("nothing has changed", "verify", inst),
			"instance %q is not verified", inst.Name)
	default:
		result = fault.Wrap(operations.OneError(failed), "instance %q cannot be verified", inst.Name)
	}
	w.Tell("verified", operations.Broken, model.OneLine(result.Error()))
	op.Status, op.Ended, op.Error = model.Undone, svc.Now().UTC(), result.Error()
	if err := svc.Records.PutOperation(context.WithoutCancel(ctx), op); err != nil {
		return operations.OneError(result, err)
	}
	return result
}
