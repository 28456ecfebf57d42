package networks

import (
	"fmt"
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
			for _, text := range networkTexts(t) {
				its, err := netip.ParsePrefix(text)
				if err != nil {
					return fmt.Errorf("the record of tenant %q: %w", t.Name, err)
				}
				if n.Subnet.Overlaps(its) || n.Subnet6.IsValid() && n.Subnet6.Overlaps(its) {
					return fault.New(fault.Exists, "take another one, or remove the tenant: holm tenant rm "+t.Name,
						"the network overlaps %s, which tenant %q has", its, t.Name)
				}
			}
		}
		return nil
	}
}

// networkTexts are the subnets that a tenant has on record.
func networkTexts(t model.Tenant) (texts []string) {
	if t.Network == nil {
		return nil
	}
	for _, text := range []string{t.Network.Subnet, t.Network.Subnet6} {
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// SameHost refuses what was worked out for another network of the host's than it has by now.
func (svc *Service) SameHost(around model.Around) error {
	host := around.Host
	if host.Network == "" || host.Network == svc.Network.Name && host.Subnet == svc.Network.Subnet.String() {
		return nil
	}
	return operations.Meanwhile("the host has another network")
}
