package networks

import (
	"net/netip"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
)

// MayHaveNetwork refuses another network of the host's own while there are instances, or tenants that have a part of it. It has to be
// asked in the transaction that sets it.
func MayHaveNetwork(n network.Network) model.Rule {
	return func(around model.Around) error {
		if there := len(around.Instances); there > 0 {
			return fault.New(fault.Busy, "remove them first: holm ls", "the network cannot change while there are instances: %d", there)
		}
		for _, t := range around.Tenants {
			for _, its := range subnetsOf(t) {
				if n.Subnet.Overlaps(its) || n.Subnet6.IsValid() && n.Subnet6.Overlaps(its) {
					return fault.New(fault.NetworkOverlaps, "take another one, or remove the tenant: holm tenant rm "+t.Name,
						"the network overlaps %s, which tenant %q has", its, fault.Tenant(t.Name)).With(fault.Network(its.String()))
				}
			}
		}
		return nil
	}
}

// subnetsOf are those that a tenant has on record.
func subnetsOf(t model.Tenant) (subnets []netip.Prefix) {
	if t.Network == nil {
		return nil
	}
	for _, subnet := range []netip.Prefix{t.Network.Subnet, t.Network.Subnet6} {
		if subnet.IsValid() {
			subnets = append(subnets, subnet)
		}
	}
	return subnets
}

// SameHost refuses what was worked out for another network of the host's than it has by now.
func (svc *Service) SameHost(around model.Around) error {
	host := around.Host
	if host.Network == "" || host.Network == svc.Network.Name && host.Subnet == svc.Network.Subnet {
		return nil
	}
	return operations.Meanwhile("the host has another network")
}
