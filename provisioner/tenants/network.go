package tenants

import (
	"context"
	"crypto/rand"
	"net/netip"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
)

// withNetwork gives a new tenant a network of its own: the subnet that was asked for or a free one of the host's pool, and a
// free IPv6 subnet. The caller holds the network, so that no two tenants get the same. The tenant "default" has the
// host's own, with settings perhaps.
func (svc *Service) withNetwork(ctx context.Context, t model.Tenant, c Change) (model.Tenant, error) {
	if t.Name == model.DefaultTenant {
		used, err := svc.Records.Instances(ctx)
		if err != nil {
			return t, err
		}
		return t, c.applyNetwork(&t, model.Used(t.Name, used))
	}
	taken, taken6, bridges, err := svc.takenSubnets(ctx)
	if err != nil {
		return t, err
	}
	t.Network = &model.TenantNetwork{}
	if t.Network.Bridge, err = network.FreeBridge(rand.Reader, bridges); err != nil {
		return t, err
	}
	subnet, err := svc.pickSubnet(ctx, c.Subnet, taken)
	if err != nil {
		return t, err
	}
	subnet6, err := svc.Network.Free6(taken6)
	if err != nil {
		return t, err
	}
	t.Network.Subnet, t.Network.Subnet6 = subnet, subnet6
	return t, c.applyNetwork(&t, model.Resources{})
}

// apart refuses, in the transaction that stores a tenant, one whose network has anything that another's has.
func (svc *Service) apart(t model.Tenant) func(existing []model.Tenant) error {
	return func(existing []model.Tenant) error {
		if t.Network == nil || !t.Network.Subnet.IsValid() {
			return nil
		}
		mine, err := svc.Networks.Of(t)
		if err != nil {
			return err
		}
		for _, other := range append(existing, model.Tenant{Name: model.DefaultTenant}) {
			its, err := svc.Networks.Of(other)
			if err != nil {
				return err
			}
			if mine.Clashes(its) {
				return fault.New(fault.NetworkOverlaps, "try again, or name another subnet",
					"the network of tenant %q would have what tenant %q has: %s, %s",
					fault.Tenant(t.Name), other.Name, its.Bridge, fault.Network(its.Subnet.String()))
			}
		}
		return nil
	}
}

// takenSubnets are all that the host's routes lead to, and those that tenants have; bridges are those that tenants have.
func (svc *Service) takenSubnets(ctx context.Context) (four, six []netip.Prefix, bridges []string, err error) {
	all, err := svc.Routes()
	if err != nil {
		return nil, nil, nil, err
	}
	bridges = append(bridges, svc.Network.Bridge)
	all = append(all, svc.Network.Subnet, svc.Network.Subnet6)
	tenants, err := svc.Records.Tenants(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, t := range tenants {
		n, err := svc.Networks.Of(t)
		if err != nil {
			return nil, nil, nil, err
		}
		all, bridges = append(all, n.Subnet, n.Subnet6), append(bridges, n.Bridge)
	}
	for _, prefix := range all {
		switch {
		case !prefix.IsValid():
		case prefix.Addr().Is4():
			four = append(four, prefix)
		default:
			six = append(six, prefix)
		}
	}
	return four, six, bridges, nil
}

// pickSubnet takes the subnet that was asked for, or a free one of the pool.
func (svc *Service) pickSubnet(ctx context.Context, asked *string, taken []netip.Prefix) (netip.Prefix, error) {
	if asked == nil || *asked == "" {
		host, err := svc.Records.Host(ctx)
		if err != nil {
			return netip.Prefix{}, err
		}
		return network.Free(network.PoolOf(host.AddressPool), taken)
	}
	subnet, err := network.ParseSubnet(*asked)
	if err != nil {
		return subnet, err
	}
	if other, clash := network.Overlap(subnet, taken); clash {
		return subnet, fault.New(fault.NetworkOverlaps, "take another one, or leave it out for one that is free",
			"subnet %s overlaps %s, which this host has already", fault.Network(subnet.String()), other)
	}
	return subnet, nil
}

// applyNetwork changes how a tenant's network behaves. Its subnet and whether its instances speak to each other are built into
// them, and can change while there are none.
func (c Change) applyNetwork(t *model.Tenant, used model.Resources) error {
	if c.Egress == nil && c.Internal == nil && (c.Subnet == nil || t.Network != nil && t.Network.Subnet.IsValid()) {
		return nil
	}
	if t.Network == nil {
		if t.Name != model.DefaultTenant {
			return fault.New(fault.TenantNetworkFixed, "make another tenant, and its instances anew",
				"tenant %q is from before tenants had networks, and is in the host's", fault.Tenant(t.Name))
		}
		if c.Subnet != nil {
			return fault.New(fault.TenantNetworkFixed, "set the host's: holm host set --network NAME --subnet CIDR",
				"tenant %q is in the host's own network", fault.Tenant(t.Name))
		}
		t.Network = &model.TenantNetwork{}
	}
	changed := *t.Network // the record may share it with what was read before
	if c.Egress != nil {
		egress, err := network.ParseEgress(*c.Egress)
		if err != nil {
			return err
		}
		changed.Egress = egress.String()
	}
	if c.Internal != nil {
		if *c.Internal != changed.Internal && used.Instances > 0 {
			return fault.New(fault.TenantNetworkFixed, "remove them first: holm ls --tenant "+t.Name,
				"tenant %q has %d instances, which are built to speak to each other or not to", fault.Tenant(t.Name), used.Instances)
		}
		changed.Internal = *c.Internal
	}
	t.Network = &changed
	return nil
}

// guardTenant gives the kernel the rules of a tenant's network anew, when it is up. The caller holds the network.
func (svc *Service) guardTenant(ctx context.Context, t model.Tenant) error {
	around, err := svc.Records.Around(ctx)
	if err != nil {
		return err
	}
	n, err := svc.Networks.In(around.Settings, t.Name, "")
	if err != nil {
		return err
	}
	guests, err := networks.Guests(around.Instances, n.Name, "")
	if err != nil || len(guests) == 0 {
		return err
	}
	h, err := svc.Operations.Connect(ctx)
	if err != nil {
		return err
	}
	return svc.Networks.KeepTo(ctx, h, n, guests)
}
