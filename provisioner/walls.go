package provisioner

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"holm/provisioner/model"
	"holm/provisioner/network"
)

// Rebuilt are the rules of a network that were not as they are on record, and what became of that.
type Rebuilt struct {
	Network string `json:"network"`
	What    string `json:"what"`
	Err     error  `json:"-"`
}

// KeepWalls compares the rules of all networks that have instances with what is on record, and puts back what is missing or was
// changed: somebody may have flushed the kernel's, or restarted a firewall that did. It says what was wrong.
func (p *Provisioner) KeepWalls(ctx context.Context) ([]Rebuilt, error) {
	release, err := p.holdNetwork(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return p.keepWalls(ctx)
}

// keepWalls is KeepWalls for who holds the network.
func (p *Provisioner) keepWalls(ctx context.Context) ([]Rebuilt, error) {
	all, err := p.wanted(ctx, "")
	if err != nil || len(all) == 0 {
		return nil, err
	}
	walls, err := p.Firewall.Look(ctx, all)
	if err != nil {
		return nil, err
	}
	var rebuilt []Rebuilt
	for i, w := range walls {
		if w.Whole() {
			continue
		}
		r := Rebuilt{Network: all[i].Network.Name, What: w.String()}
		h, err := p.connect(ctx)
		if err == nil {
			err = p.guard(ctx, h, all[i].Network)
		}
		r.Err = err
		rebuilt = append(rebuilt, r)
	}
	return rebuilt, nil
}

// shared has all networks go by their share of the kernel's connections after so many more have come to them, or fewer. The
// caller holds the network.
func (p *Provisioner) shared(ctx context.Context, more int) error {
	all, err := p.Records.Tenants(ctx)
	if err != nil {
		return err
	}
	if n := networks(all); network.FlowShare(p.MaxFlows, n) == network.FlowShare(p.MaxFlows, n-more) {
		return nil
	}
	rebuilt, err := p.keepWalls(ctx)
	for _, r := range rebuilt {
		err = errors.Join(err, r.Err)
	}
	return err
}

// walls compares the rules of an instance's network with what is on record.
func (p *Provisioner) walls(ctx context.Context, inst model.Instance) (network.Walls, error) {
	release, err := p.holdNetwork(ctx)
	if err != nil {
		return network.Walls{}, err
	}
	defer release()
	all, err := p.wanted(ctx, inst.Network)
	if err != nil {
		return network.Walls{}, err
	}
	found, err := p.Firewall.Look(ctx, all)
	if err != nil {
		return network.Walls{}, err
	}
	if len(found) != 1 {
		return network.Walls{}, errors.New("the instance is on record no more")
	}
	return found[0], nil
}

// wanted are the rules on record of the network of that name, or of all networks that have instances when it is "". The caller
// holds the network: of who is in it but for a moment, an instance that is being made or removed, the rules may or may not know.
func (p *Provisioner) wanted(ctx context.Context, name string) (all []network.Wanted, err error) {
	instances, err := p.Records.Instances(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(instances, func(a, b model.Instance) int {
		return cmp.Or(cmp.Compare(a.Network, b.Network), cmp.Compare(a.ID, b.ID))
	})
	for _, inst := range instances {
		if name != "" && inst.Network != name {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Network.Name != inst.Network {
			n, err := p.networkNamed(ctx, inst.Tenant, inst.Network)
			if err != nil {
				return nil, err
			}
			all = append(all, network.Wanted{Network: n})
		}
		guest, err := asGuest(inst)
		if err != nil {
			return nil, err
		}
		w := &all[len(all)-1]
		if inst.State == model.Creating || inst.State == model.Destroying {
			w.Perhaps = append(w.Perhaps, guest)
		} else {
			w.Guests = append(w.Guests, guest)
		}
	}
	return all, nil
}
