package operations

import (
	"context"
	"slices"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// Abandoned is what an operation is shown as whose process died before it had written down how it ended. It is never stored.
const Abandoned model.Status = "abandoned"

// Journal is what is on record of operations, and of the instances that they are about. Implementation: storage/records.
type Journal interface {
	Store
	// Operations returns the operations of one instance that are kept, oldest first; instance "" means all.
	Operations(ctx context.Context, instance string) ([]model.Operation, error)
	// Instances returns all instances in full, in no particular order.
	Instances(ctx context.Context) ([]model.Instance, error)
}

// History is what was done to the instances of this host, as far as it is kept. One whose process is dead is told by its lock, which
// the kernel has let go of.
type History struct {
	Operations *Service
	Records    Journal
}

// List returns operations, oldest first: those of all tenants for tenant "", those of all instances for name "".
func (h *History) List(ctx context.Context, tenant, name string) ([]model.Operation, error) {
	if name != "" {
		if err := model.ValidateName("name", name); err != nil {
			return nil, err
		}
	}
	all, err := h.read(ctx, func(op model.Operation) bool {
		return (tenant == "" || op.Tenant == tenant) && (name == "" || op.Name == name)
	})
	if err == nil && name != "" && len(all) == 0 {
		err = fault.New(fault.OperationNotFound, "see what is kept: holm operation ls --all",
			"no operation of an instance %q in tenant %q is kept", fault.Instance(name), fault.Tenant(tenant))
	}
	return all, err
}

// Show finds one by its id.
func (h *History) Show(ctx context.Context, id string) (model.Operation, error) {
	found, err := h.read(ctx, func(op model.Operation) bool { return op.ID == id })
	if err != nil {
		return model.Operation{}, err
	}
	if len(found) == 0 {
		return model.Operation{},
			fault.New(fault.OperationNotFound, "see what is kept: holm operation ls --all      what is not: holm audit ls --all",
				"no operation %q is kept", fault.Operation(model.OneLine(id)))
	}
	return found[0], nil
}

// read returns the operations that are wanted, with Abandoned for what a dead process left.
func (h *History) read(ctx context.Context, wanted func(model.Operation) bool) ([]model.Operation, error) {
	list := func() ([]model.Operation, error) {
		all, err := h.Records.Operations(ctx, "")
		return slices.DeleteFunc(all, func(op model.Operation) bool { return !wanted(op) }), err
	}
	all, err := list()
	if err != nil {
		return nil, err
	}
	left := map[string]bool{}
	for _, op := range all {
		if op.Over() {
			continue
		}
		held, err := h.Operations.AtWork(op.Tenant, op.Name)
		if err != nil {
			return nil, err
		}
		left[op.ID] = !held
	}
	if len(left) == 0 {
		return all, nil
	}
	// Again: whoever had the lock may have ended well before it was looked at, and has written that down by now.
	if all, err = list(); err != nil {
		return nil, err
	}
	for i, op := range all {
		if !op.Over() && left[op.ID] {
			all[i].Status = Abandoned
		}
	}
	return all, nil
}
