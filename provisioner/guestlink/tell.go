package guestlink

import (
	"context"
	"errors"
	"slices"
	"strings"

	"holm/guest/report"
	"holm/provisioner/environment"
	"holm/provisioner/model"
	"holm/storage/records"
)

// InForce is what an instance is told of the world, by what its host, its tenant and it have set and by the host's resolver
// as it is now.
func (l *Link) InForce(ctx context.Context, inst model.Instance) (environment.InForce, error) {
	host, err := l.Records.Host(ctx)
	if err != nil {
		return environment.InForce{}, err
	}
	tenant, err := l.Records.Tenant(ctx, inst.Tenant)
	if err != nil && !errors.Is(err, records.ErrNotFound) {
		return environment.InForce{}, err
	}
	six := inst.Address6.IsValid() && l.Network.Subnet6.IsValid()
	return environment.Merge(inst.Environment, tenant.Environment, host.Environment, l.Resolver(), six), nil
}

// Siblings are the other instances that an instance may reach: those of its tenant, where the tenant has them speak to each
// other. Nobody else's names are told.
func (l *Link) Siblings(ctx context.Context, inst model.Instance) ([]model.Instance, error) {
	n, err := l.Networks.Named(ctx, inst.Tenant, inst.Network)
	if err != nil || !n.Internal {
		return nil, err
	}
	all, err := l.Records.Instances(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(other model.Instance) bool {
		return other.ID == inst.ID || other.Tenant != inst.Tenant || other.Network != inst.Network ||
			other.State == model.Creating || other.State == model.Destroying
	})
	slices.SortFunc(all, func(a, b model.Instance) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// ToTell is what a guest is to know now.
func (l *Link) ToTell(ctx context.Context, inst model.Instance) (*report.Environment, error) {
	force, err := l.InForce(ctx, inst)
	if err != nil {
		return nil, err
	}
	others, err := l.Siblings(ctx, inst)
	if err != nil {
		return nil, err
	}
	told, _ := force.Told(environment.Siblings(inst, others))
	return &told, nil
}

// GuestPorts are the ports of an instance that the host publishes.
func GuestPorts(inst model.Instance) (ports []report.Port) {
	for _, e := range inst.Exposed {
		ports = append(ports, report.Port{Protocol: e.Protocol, Number: e.Guest})
	}
	return ports
}
