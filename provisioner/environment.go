package provisioner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"holm/guest/report"
	"holm/provisioner/environment"
	"holm/provisioner/model"
	"holm/storage/records"
)

// inForce is what an instance is told of the world, by what its host, its tenant and it have set and by the host's resolver
// as it is now.
func (p *Provisioner) inForce(ctx context.Context, inst model.Instance) (environment.InForce, error) {
	host, err := p.Records.Host(ctx)
	if err != nil {
		return environment.InForce{}, err
	}
	tenant, err := p.Records.Tenant(ctx, inst.Tenant)
	if err != nil && !errors.Is(err, records.ErrNotFound) {
		return environment.InForce{}, err
	}
	six := inst.Address6 != "" && p.Network.Subnet6.IsValid()
	return environment.Merge(inst.Environment, tenant.Environment, host.Environment, p.Resolver(), six), nil
}

// siblings are the other instances that an instance may reach: those of its tenant, where the tenant has them speak to each
// other. Nobody else's names are told.
func (p *Provisioner) siblings(ctx context.Context, inst model.Instance) ([]model.Instance, error) {
	n, err := p.networkNamed(ctx, inst.Tenant, inst.Network)
	if err != nil || !n.Internal {
		return nil, err
	}
	all, err := p.Records.Instances(ctx)
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

// toTell is what a guest is to know now.
func (p *Provisioner) toTell(ctx context.Context, inst model.Instance) (*report.Environment, error) {
	force, err := p.inForce(ctx, inst)
	if err != nil {
		return nil, err
	}
	others, err := p.siblings(ctx, inst)
	if err != nil {
		return nil, err
	}
	told, _ := force.Told(environment.Siblings(inst, others))
	return &told, nil
}

// letsIn are the ports of an instance that the host publishes.
func letsIn(inst model.Instance) (ports []report.Port) {
	for _, e := range inst.Exposed {
		ports = append(ports, report.Port{Protocol: e.Protocol, Number: e.Guest})
	}
	return ports
}

// Nameless says what a person should know of the names of an instance, made or planned: "" when it has a name server, or
// is to have none.
func (p *Provisioner) Nameless(ctx context.Context, inst model.Instance) (string, error) {
	force, err := p.inForce(ctx, inst)
	if err != nil || len(force.Nameservers) > 0 {
		return "", err
	}
	if stubs := p.Resolver().Stubs; force.From[environment.Nameservers] == "" && len(stubs) > 0 {
		return fmt.Sprintf("no name will resolve in it: this host asks %s, where instances are not served", stubs[0]), nil
	}
	switch {
	case len(force.Dropped) > 0:
		return "no name will resolve in it: " + force.Dropped[0], nil
	case force.From[environment.Nameservers] == "":
		return "no name will resolve in it: this host has no name server", nil
	}
	return "", nil // none was asked for
}
