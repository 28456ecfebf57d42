package parts

import (
	"context"
	"errors"

	"holm/provisioner/hypervisor"
	"holm/provisioner/network"
	"holm/provisioner/operations"
)

// network is up, behind its rules. It is shared: it stays with the instances that there still are.
func (p *Parts) network() Part {
	return Part{
		Name: "network", Create: 2, Start: 1, Shared: true,
		Ensure: p.ensureNetwork,
		Remove: func(ctx context.Context, plan *Plan) error {
			return p.Networks.LeaveNetwork(ctx, plan.Hypervisor, plan.Instance, func() error {
				if plan.Last == nil {
					return nil
				}
				return plan.Last(ctx)
			})
		},
		Inspect: func(ctx context.Context, plan *Plan) (string, error) {
			if plan.noNet != nil {
				return "", plan.noNet
			}
			_, err := p.Networks.Owned(ctx, plan.Hypervisor, plan.network)
			if errors.Is(err, hypervisor.ErrNotOurs) {
				return "is somebody else's by now", nil
			}
			return "", err
		},
	}
}

func (p *Parts) ensureNetwork(ctx context.Context, plan *Plan) error {
	h, inst := plan.Hypervisor, plan.Instance
	return p.Networks.OnNetwork(ctx, inst, func(n network.Network, guests []network.Guest) error {
		xml, err := p.Networks.Owned(ctx, h, n)
		if err != nil {
			return err
		}
		plan.Watcher.Text("network", inst.Network)
		if err := p.Networks.ApplyRules(ctx, n, n.Rules(guests)); err != nil {
			return err
		}
		if err := errors.Join(p.Networks.EnsureFilter(ctx, h), h.EnsureNetwork(ctx, xml)); err != nil {
			return operations.OneError(err)
		}
		return p.Firewall.Settle(ctx, n, guests) // its bridge is there only now
	})
}
