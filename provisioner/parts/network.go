package parts

import (
	"context"
	"errors"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
	"holm/provisioner/saga"
)

// Network brings the network up, behind its rules. It is shared: undoing leaves it to the instances that there still are.
func (p *Parts) Network(h hypervisor.Driver, inst model.Instance, w *operations.Watcher) saga.Step {
	return saga.Step{
		Name: "network",
		Do: func(ctx context.Context) error {
			return p.Networks.OnNetwork(ctx, inst, func(n network.Network) error {
				xml, err := p.Networks.Owned(ctx, h, n)
				if err != nil {
					return err
				}
				w.Text("network", inst.Network)
				guests, err := p.Networks.Guests(ctx, n.Name, "")
				if err != nil {
					return err
				}
				if err := p.Networks.ApplyRules(ctx, n, n.Rules(guests)); err != nil {
					return err
				}
				if err := errors.Join(p.Networks.EnsureFilter(ctx, h), h.EnsureNetwork(ctx, xml)); err != nil {
					return operations.OneError(err)
				}
				return p.Firewall.Settle(ctx, n, guests) // its bridge is there only now
			})
		},
		Undo: func(ctx context.Context) error { return p.Networks.LeaveNetwork(ctx, h, inst, nil) },
	}
}
