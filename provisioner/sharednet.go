package provisioner

import (
	"context"
	"slices"

	"holm/provisioner/saga"
	"holm/storage/records"
)

// network brings the network up. It is shared: undoing leaves it to the instances that there still are.
func (p *Provisioner) network(h Hypervisor, inst records.Instance, w *watcher) saga.Step {
	return saga.Step{
		Name: "network",
		Do: func(ctx context.Context) error {
			release, err := p.holdNetwork(ctx)
			if err != nil {
				return err
			}
			defer release()
			xml, err := p.Network.XML()
			if err != nil {
				return err
			}
			w.text("network", inst.Network)
			return h.EnsureNetwork(ctx, xml)
		},
		Undo: func(ctx context.Context) error { return p.leaveNetwork(ctx, h, inst.ID, nil) },
	}
}

// leaveNetwork removes the network unless an instance other than id needs it. Last, when it is given, then drops id's
// record, under the same lock: of two removals at the same time, one must see that it is the last.
func (p *Provisioner) leaveNetwork(ctx context.Context, h Hypervisor, id string, last func() error) error {
	release, err := p.holdNetwork(ctx)
	if err != nil {
		return err
	}
	defer release()
	all, err := p.Records.List(ctx, "")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(other records.Summary) bool { return other.ID != id }) {
		if err := h.RemoveNetwork(ctx, p.Network.UUID); err != nil {
			return err
		}
	}
	if last == nil {
		return nil
	}
	return last()
}
