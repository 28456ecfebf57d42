package networks

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"holm/internal/fault"
	"holm/internal/nft"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
)

// Of is where a tenant's instances are made: its own, or the host's when it has none. What rules keep it from is not known yet.
func (svc *Service) Of(tenant model.Tenant) (network.Network, error) {
	n := svc.Network
	n.State, n.Metadata = svc.Dir, nil
	has := tenant.Network
	if has == nil {
		return n, nil
	}
	if has.Subnet.IsValid() {
		subnet6 := has.Subnet6
		if !n.Subnet6.IsValid() { // a host that has lost IPv6 makes networks without
			subnet6 = netip.Prefix{}
		}
		n = n.OfTenant(tenant.Name, has.Bridge, has.Subnet, subnet6)
	}
	var err error
	n.Internal = has.Internal
	n.Egress, err = network.ParseEgress(has.Egress)
	return n, err
}

// In is the network that an instance was made in, as the settings have it. In the host's own are the instances of the default tenant,
// whose settings hold there, and those from before tenants had networks.
func (svc *Service) In(set model.Settings, tenant, name string) (network.Network, error) {
	owner := tenant
	if name == svc.Network.Name {
		owner = model.DefaultTenant
	}
	record, found := set.Tenant(owner)
	if !found {
		record = model.Tenant{Name: owner}
	}
	n, err := svc.Of(record)
	if err != nil {
		return n, err
	}
	n.Flows = network.FlowShare(svc.MaxFlows, count(set.Tenants))
	n.Metadata, err = network.ParseMetadata(set.Host.Metadata) // it may have been set since this process began
	return n, err
}

// Named is In with the settings as they are now.
func (svc *Service) Named(ctx context.Context, tenant, name string) (network.Network, error) {
	set, err := svc.Records.Settings(ctx)
	if err != nil {
		return network.Network{}, err
	}
	return svc.In(set, tenant, name)
}

// count is how many there are: each tenant's, and the host's own.
func count(tenants []model.Tenant) int {
	n := 1
	for _, t := range tenants {
		if t.Network != nil && t.Network.Subnet.IsValid() {
			n++
		}
	}
	return n
}

// Guests are those of all instances that are in a network, but for one, as its rules know them.
func Guests(all []model.Instance, name string, but string) (guests []network.Guest, err error) {
	for _, inst := range all {
		if inst.Network != name || inst.ID == but {
			continue
		}
		guests = append(guests, asGuest(inst))
	}
	slices.SortFunc(guests, func(a, b network.Guest) int { return a.Address.Compare(b.Address) })
	return guests, nil
}

// asGuest is an instance as the rules of its network know it.
func asGuest(inst model.Instance) network.Guest {
	return network.Guest{
		MAC: inst.MAC, Address: inst.Address, Address6: inst.Address6, Mbit: inst.Flavor.Limits.NetMbit, Exposed: slices.Clone(inst.Exposed),
	}
}

// Guard gives the kernel the rules of a network, with all instances that are in it by now. The caller holds the network.
func (svc *Service) Guard(ctx context.Context, h hypervisor.Driver, n network.Network) error {
	all, err := svc.Records.Instances(ctx)
	if err != nil {
		return err
	}
	guests, err := Guests(all, n.Name, "")
	if err != nil {
		return err
	}
	return svc.KeepTo(ctx, h, n, guests)
}

// KeepTo gives the kernel the rules of a network with these instances in it, and has connections go by them. Rules go by the
// name of a bridge: whose that is, is looked at before.
func (svc *Service) KeepTo(ctx context.Context, h hypervisor.Driver, n network.Network, guests []network.Guest) error {
	if _, err := svc.Owned(ctx, h, n); err != nil {
		return err
	}
	if err := svc.ApplyRules(ctx, n, n.Rules(guests)); err != nil {
		return err
	}
	return svc.Firewall.Settle(ctx, n, guests)
}

// Owned returns the network for libvirt, unless it, or its bridge, is somebody else's.
func (svc *Service) Owned(ctx context.Context, h hypervisor.Driver, n network.Network) (xml string, err error) {
	if xml, err = n.XML(); err != nil {
		return "", err
	}
	return xml, h.CheckNetwork(ctx, xml)
}

// ApplyRules says which network it was when the kernel does not take its rules.
func (svc *Service) ApplyRules(ctx context.Context, n network.Network, r nft.Ruleset) error {
	err := svc.Firewall.Apply(ctx, r)
	if err == nil || operations.IsEndOf(ctx, err) {
		return err
	}
	return fault.Wrap(err, "the rules of network %q", n.Name).OrRemedy(fault.Try("see", "doctor"))
}

// GuardAgain is guard for an instance that runs: somebody may have flushed the kernel's rules since it was started.
func (svc *Service) GuardAgain(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	return svc.OnNetwork(ctx, inst, func(n network.Network, guests []network.Guest) error { return svc.KeepTo(ctx, h, n, guests) })
}

// OnNetwork does something to the network of an instance, with all that are in it, while nobody else does.
func (svc *Service) OnNetwork(ctx context.Context, inst model.Instance, do func(n network.Network, guests []network.Guest) error) error {
	release, err := svc.Operations.HoldNetwork(ctx)
	if err != nil {
		return err
	}
	defer release()
	n, all, err := svc.around(ctx, inst)
	if err != nil {
		return err
	}
	guests, err := Guests(all, n.Name, "")
	if err != nil {
		return err
	}
	return do(n, guests)
}

// around is the network of an instance, and all instances that there are.
func (svc *Service) around(ctx context.Context, inst model.Instance) (n network.Network, all []model.Instance, err error) {
	around, err := svc.Records.Around(ctx)
	if err != nil {
		return n, nil, err
	}
	n, err = svc.In(around.Settings, inst.Tenant, inst.Network)
	return n, around.Instances, err
}

// LeaveNetwork takes an instance out of the network's rules, and removes the network when no other instance needs it.
// Last, when it is given, then drops the record, under the same lock: of two removals at the same time, one must see that
// it is the last. A network that is somebody else's has nothing of the instance's, and is left alone.
func (svc *Service) LeaveNetwork(ctx context.Context, h hypervisor.Driver, inst model.Instance, last func() error) error {
	release, err := svc.Operations.HoldNetwork(ctx)
	if err != nil {
		return err
	}
	defer release()
	n, all, err := svc.around(ctx, inst)
	if err != nil {
		return err
	}
	if err := svc.without(ctx, h, n, all, inst.ID); err != nil && !errors.Is(err, hypervisor.ErrNotOurs) {
		return err
	}
	if last == nil {
		return nil
	}
	return last()
}

// without gives the kernel the rules of a network as they are without one instance, or removes both when it was the last.
func (svc *Service) without(ctx context.Context, h hypervisor.Driver, n network.Network, all []model.Instance, but string) error {
	left, err := Guests(all, n.Name, but)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return svc.KeepTo(ctx, h, n, left)
	}
	if _, err := svc.Owned(ctx, h, n); err != nil {
		return err
	}
	return svc.dropNetwork(ctx, h, n, all, but)
}

// dropNetwork removes the network and, when nobody hangs on it any more, its rules. Another state directory's instances may
// be in it still. The filter, which all networks of this state directory share, goes with the last instance of all, which is but.
func (svc *Service) dropNetwork(ctx context.Context, h hypervisor.Driver, n network.Network, all []model.Instance, but string) error {
	gone, err := h.RemoveNetwork(ctx, n.UUID)
	if err != nil || !gone {
		return err
	}
	if !slices.ContainsFunc(all, func(other model.Instance) bool { return other.ID != but }) {
		filter, _, err := network.Guard(svc.Dir)
		if err != nil {
			return err
		}
		if err := h.RemoveFilter(ctx, filter); err != nil && !errors.Is(err, hypervisor.ErrUnsupported) {
			return err
		}
	}
	return svc.ApplyRules(ctx, n, n.Removal())
}

// EnsureFilter makes the filter that every interface has. The caller holds the network, and has an instance on record: from then on
// nobody's is the last one, with which the filter would go.
func (svc *Service) EnsureFilter(ctx context.Context, h hypervisor.Driver) error {
	filter, xml, err := network.Guard(svc.Dir)
	if err != nil {
		return err
	}
	return h.EnsureFilter(ctx, filter, xml)
}
