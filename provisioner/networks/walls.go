package networks

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
func (svc *Service) KeepWalls(ctx context.Context) ([]Rebuilt, error) {
	return svc.holding(ctx, svc.keepWalls)
}

// BrokenWalls is what KeepWalls would put back now. It changes nothing.
func (svc *Service) BrokenWalls(ctx context.Context) ([]Rebuilt, error) {
	return svc.holding(ctx, func(ctx context.Context) ([]Rebuilt, error) {
		broken, _, err := svc.broken(ctx)
		return broken, err
	})
}

// holding does something while the network is held; on a host without an instance there is nothing to do.
func (svc *Service) holding(ctx context.Context, do func(context.Context) ([]Rebuilt, error)) ([]Rebuilt, error) {
	if all, err := svc.Records.Instances(ctx); err != nil || len(all) == 0 {
		return nil, err
	}
	release, err := svc.Operations.HoldNetwork(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return do(ctx)
}

// keepWalls is KeepWalls for who holds the network.
func (svc *Service) keepWalls(ctx context.Context) ([]Rebuilt, error) {
	broken, networks, err := svc.broken(ctx)
	for i, n := range networks {
		h, err := svc.Operations.Connect(ctx)
		if err == nil {
			err = svc.Guard(ctx, h, n)
		}
		broken[i].Err = err
	}
	return broken, err
}

// broken are the rules that are not as they are on record, and the network of each. The caller holds the network.
func (svc *Service) broken(ctx context.Context) (broken []Rebuilt, networks []network.Network, err error) {
	all, err := svc.wanted(ctx, "")
	if err != nil || len(all) == 0 {
		return nil, nil, err
	}
	walls, err := svc.Firewall.Look(ctx, all)
	if err != nil {
		return nil, nil, err
	}
	for i, w := range walls {
		if !w.Whole() {
			broken = append(broken, Rebuilt{Network: all[i].Network.Name, What: w.String()})
			networks = append(networks, all[i].Network)
		}
	}
	return broken, networks, nil
}

// Shared has all networks go by their share of the kernel's connections after so many more have come to them, or fewer. The
// caller holds the network.
func (svc *Service) Shared(ctx context.Context, more int) error {
	set, err := svc.Records.Settings(ctx)
	if err != nil {
		return err
	}
	if n := count(set.Tenants); network.FlowShare(svc.MaxFlows, n) == network.FlowShare(svc.MaxFlows, n-more) {
		return nil
	}
	rebuilt, err := svc.keepWalls(ctx)
	for _, r := range rebuilt {
		err = errors.Join(err, r.Err)
	}
	return err
}

// Walls compares the rules of an instance's network with what is on record.
func (svc *Service) Walls(ctx context.Context, inst model.Instance) (network.Walls, error) {
	release, err := svc.Operations.HoldNetwork(ctx)
	if err != nil {
		return network.Walls{}, err
	}
	defer release()
	all, err := svc.wanted(ctx, inst.Network)
	if err != nil {
		return network.Walls{}, err
	}
	found, err := svc.Firewall.Look(ctx, all)
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
func (svc *Service) wanted(ctx context.Context, name string) (all []network.Wanted, err error) {
	around, err := svc.Records.Around(ctx)
	if err != nil {
		return nil, err
	}
	instances := around.Instances
	slices.SortFunc(instances, func(a, b model.Instance) int {
		return cmp.Or(cmp.Compare(a.Network, b.Network), cmp.Compare(a.ID, b.ID))
	})
	for _, inst := range instances {
		if name != "" && inst.Network != name {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Network.Name != inst.Network {
			n, err := svc.In(around.Settings, inst.Tenant, inst.Network)
			if err != nil {
				return nil, err
			}
			all = append(all, network.Wanted{Network: n})
		}
		guest := asGuest(inst)
		w := &all[len(all)-1]
		if inst.State == model.Creating || inst.State == model.Destroying {
			w.Perhaps = append(w.Perhaps, guest)
		} else {
			w.Guests = append(w.Guests, guest)
		}
	}
	return all, nil
}
