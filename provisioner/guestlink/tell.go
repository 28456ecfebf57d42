package guestlink

import (
	"slices"
	"strings"

	"holm/guest/report"
	"holm/provisioner/environment"
	"holm/provisioner/model"
)

// InForce is what an instance is told of the world, by what its host, its tenant and it have set and by the host's resolver
// as it is now.
func (l *Link) InForce(set model.Settings, inst model.Instance) environment.InForce {
	tenant, _ := set.Tenant(inst.Tenant)
	six := inst.Address6.IsValid() && l.Network.Subnet6.IsValid()
	return environment.Merge(inst.Environment, tenant.Environment, set.Host.Environment, l.Resolver(), six)
}

// Siblings are the other instances that an instance may reach: those of its tenant, where the tenant has them speak to each
// other. Nobody else's names are told.
func (l *Link) Siblings(around model.Around, inst model.Instance) ([]model.Instance, error) {
	n, err := l.Networks.In(around.Settings, inst.Tenant, inst.Network)
	if err != nil || !n.Internal {
		return nil, err
	}
	all := slices.DeleteFunc(slices.Clone(around.Instances), func(other model.Instance) bool {
		return other.ID == inst.ID || other.Tenant != inst.Tenant || other.Network != inst.Network ||
			other.State == model.Creating || other.State == model.Destroying
	})
	slices.SortFunc(all, func(a, b model.Instance) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// ToTell is what a guest is to know.
func (l *Link) ToTell(around model.Around, inst model.Instance) (*report.Environment, error) {
	others, err := l.Siblings(around, inst)
	if err != nil {
		return nil, err
	}
	told, _ := l.InForce(around.Settings, inst).Told(environment.Siblings(inst, others))
	return &told, nil
}

// GuestPorts are the ports of an instance that the host publishes.
func GuestPorts(inst model.Instance) (ports []report.Port) {
	for _, e := range inst.Exposed {
		ports = append(ports, report.Port{Protocol: e.Protocol, Number: e.Guest})
	}
	return ports
}
