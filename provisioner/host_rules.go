package provisioner

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/network"
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

// MayHavePool refuses a pool that is not there as the one that the host uses when nobody says where. It has to be asked in the
// transaction that sets it.
func MayHavePool(name string) model.Rule {
	return func(around model.Around) error {
		if slices.ContainsFunc(around.Pools, func(p model.Pool) bool { return p.Name == name }) {
			return nil
		}
		return fault.New(fault.NotFound, "see what there is: holm pool ls", "there is no pool %s", quoted(name))
	}
}

// notTheHosts refuses to remove the pool that the host uses when nobody says where.
func notTheHosts(pool string) model.Rule {
	return func(around model.Around) error {
		if around.Host.Pool != pool {
			return nil
		}
		return fault.New(fault.Busy, `set another one: holm host set --pool ""`,
			"pool %q is the one that this host uses when nobody says where", pool)
	}
}

// sameHost refuses what was worked out for another network of the host's than it has by now.
func (p *Provisioner) sameHost(around model.Around) error {
	host := around.Host
	if host.Network == "" || host.Network == p.Network.Name && host.Subnet == p.Network.Subnet.String() {
		return nil
	}
	return meanwhile("the host has another network")
}

func meanwhile(what string) error { return fault.New(fault.Busy, "try again", "meanwhile, %s", what) }

// stillAdmitted refuses a new instance when what it was admitted by is otherwise by now: nothing but this transaction keeps that.
func (p *Provisioner) stillAdmitted(a admitted, inst model.Instance) model.Rule {
	return func(around model.Around) error {
		tenant, found := around.Tenant(inst.Tenant)
		if !found { // whether it has to be there, the store knows
			tenant = model.Tenant{Name: inst.Tenant}
		}
		if !tenant.Created.Equal(a.tenant.Created) || userIn(around.Users, inst.Tenant).UID != inst.UID {
			return meanwhile("tenant " + quoted(inst.Tenant) + " was removed or made anew")
		}
		pool, _ := around.Pool(inst.Pool)
		err := errors.Join(p.sameHost(around), emulates(inst, around.Host), mayLieIn(tenant, inst, around.Host, pool))
		if err != nil {
			return oneError(err)
		}
		now, err := p.networkOf(tenant)
		if err == nil && (now.Name != a.network.Name || now.Subnet != a.network.Subnet || now.Subnet6 != a.network.Subnet6) {
			err = meanwhile("tenant " + quoted(inst.Tenant) + " has another network")
		}
		return err
	}
}
