package operations

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/storage/records"
)

// Closed is an operation that a dead process left, with how it has ended, or would be said to have.
type Closed struct {
	model.Operation
	Remedy string `json:"remedy,omitempty"` // of one that is stuck
}

// Close writes down how the operations ended that dead processes left, by what is on record of their instances. Nothing else is
// changed: what is left of an instance is its owner's to finish or to remove. A dry run tells what would be written.
func (h *History) Close(ctx context.Context, dry bool) ([]Closed, error) {
	left, err := h.read(ctx, func(op model.Operation) bool { return !op.Over() })
	if err != nil {
		return nil, err
	}
	var all []Closed
	var failed []error
	for _, op := range left {
		if op.Status != Abandoned {
			continue
		}
		closing := h.close
		if dry {
			closing = h.judged
		}
		closed, err := closing(ctx, op)
		if err != nil {
			failed = append(failed, err)
		} else if closed != nil {
			all = append(all, *closed)
		}
	}
	return all, OneError(failed...)
}

// close closes one, unless somebody is at work on the instance by now, or has closed it.
func (h *History) close(ctx context.Context, op model.Operation) (*Closed, error) {
	if err := h.Operations.Prepare(); err != nil {
		return nil, err
	}
	release, err := h.Operations.HoldName(ctx, op.Tenant, op.Name, false)
	if fault.KindOf(err) == fault.Busy {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer release()
	closed, err := h.judged(ctx, op)
	if err != nil || closed == nil {
		return nil, err
	}
	return closed, h.Records.PutOperation(ctx, closed.Operation)
}

// judged finds out how an operation ended; nil when it is over already.
func (h *History) judged(ctx context.Context, left model.Operation) (*Closed, error) {
	ops, err := h.Records.Operations(ctx, left.Instance)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(ops, func(op model.Operation) bool { return op.ID == left.ID })
	if at < 0 || ops[at].Over() {
		return nil, nil
	}
	inst, err := h.Records.Instance(ctx, left.Tenant, left.Name)
	there := err == nil && inst.ID == left.Instance
	if err != nil && !errors.Is(err, records.ErrNotFound) {
		return nil, err
	}
	c := Closed{Operation: ops[at]}
	again := slices.ContainsFunc(ops[at+1:], func(op model.Operation) bool { return op.Kind == left.Kind && op.Status == model.Done })
	c.end(inst, there, again)
	c.Ended = h.Operations.Now().UTC()
	return &c, nil
}

// end is how an operation ended whose process died, by the record of its instance, if there is one; again tells that the same was done
// since.
func (c *Closed) end(inst model.Instance, there, again bool) {
	const died = "its process ended without writing down how"
	c.Status = model.Undone
	stuck := func(what, remedy string) {
		c.Status, c.Error, c.Remedy = model.Stuck, died+": "+what, remedy
	}
	switch {
	case !there && c.Kind == "destroy":
		c.Status = model.Done // the record goes last
	case !there:
		c.Error = died + "; nothing of the instance is on record any more"
	case inst.State == model.Creating || inst.State == model.Destroying:
		stuck(fmt.Sprintf("the instance was left unfinished (%s)", inst.State), "remove what there is: "+model.Command("rm", inst))
	case c.Kind == "create":
		c.Status = model.Done // what is made is on record as such after its last step
	case c.Kind == "resize" && !again:
		stuck(fmt.Sprintf("the volume may be smaller than the %d GiB on record", inst.Flavor.DiskGiB),
			fmt.Sprintf("finish it: %s --disk %dG", model.Command("resize", inst), inst.Flavor.DiskGiB))
	case c.Kind == "rebuild" && inst.Previous != nil:
		stuck("the rebuild is not finished", "finish it: "+model.Command("rebuild --keep-state", inst))
	default:
		c.Error = fmt.Sprintf("%s; the instance is %s on record", died, inst.State)
	}
}

// Unfinished are the instances that a holm which died left half made or half removed, and what to do about each.
func (h *History) Unfinished(ctx context.Context) ([]Ended, error) {
	all, err := h.Records.Instances(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b model.Instance) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name))
	})
	var left []Ended
	for _, inst := range all {
		if inst.State != model.Creating && inst.State != model.Destroying {
			continue
		}
		if held, err := h.Operations.AtWork(inst.Tenant, inst.Name); err != nil || held {
			if err != nil {
				return nil, err
			}
			continue
		}
		// Again: whoever had the lock may have come to an end before it was looked at.
		now, err := h.Records.Instance(ctx, inst.Tenant, inst.Name)
		if errors.Is(err, records.ErrNotFound) || err == nil && (now.ID != inst.ID || now.State != inst.State) {
			continue
		}
		if err != nil {
			return nil, err
		}
		left = append(left, Ended{
			Tenant: inst.Tenant, Name: inst.Name,
			What: fmt.Sprintf("was left unfinished (%s): %s", inst.State, fault.RemedyOf(Unfinished(inst))),
		})
	}
	return left, nil
}
