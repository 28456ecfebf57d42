package instances

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/saga"
)

// abandon drops the record of an instance that came to nothing, or keeps it when something is left of the instance. It
// returns why it came to nothing.
func (c *Creator) abandon(ctx context.Context, plan *parts.Plan, failed *saga.Failed) error {
	inst := plan.Instance
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), saga.DefaultUndoTimeout)
	defer cancel()
	left := leftBehind(failed)
	if left == nil {
		left = c.forget(after, plan, slices.Contains(failed.Undone, "network"))
	}
	if left == nil {
		return undone(ctx, inst, failed)
	}
	all := operations.OneError(failed.Cause, left)
	_, err := c.Records.Update(after, inst.ID, func(i *model.Instance) error {
		i.State, i.Failure = model.Destroying, all.Error()
		return nil
	})
	return fault.New(fault.Leftover, model.Try("finish the removal", "rm", inst),
		"create %s: %s: %w", inst.Name, failed.Step, operations.OneError(all, err))
}

// forget drops the record of an instance of which nothing else is left. Its network step found others that needed the
// network, perhaps; by now it may be the last one.
func (c *Creator) forget(ctx context.Context, plan *parts.Plan, network bool) error {
	drop := func() error { return c.Records.Drop(ctx, plan.Instance.ID) }
	if !network {
		return drop()
	}
	return c.Networks.LeaveNetwork(ctx, plan.Hypervisor, plan.Instance, drop)
}

// leftBehind says what could not be undone; nil when all was.
func leftBehind(failed *saga.Failed) error {
	var left []error
	for _, l := range failed.LeftBehind {
		left = append(left, fmt.Errorf("left behind: %s: %w", l.Step, l.Err))
	}
	return operations.OneError(left...)
}

// undone says why a create came to nothing, and that nothing is left of it.
func undone(ctx context.Context, inst model.Instance, failed *saga.Failed) error {
	remedy := "undone: " + strings.Join(append(slices.Clone(failed.Undone), "reservation"), ", ")
	if operations.IsEndOf(ctx, failed.Cause) {
		return operations.CutShort(context.Cause(ctx), remedy, "create %s", inst.Name)
	}
	return fault.Wrap(operations.OneError(failed.Cause), "create %s: %s", inst.Name, failed.Step).OrRemedy(fault.Say(remedy))
}
