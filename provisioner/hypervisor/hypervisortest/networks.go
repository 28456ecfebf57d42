package hypervisortest

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

type network struct {
	name, bridge string
	state        string // the state directory whose it is
}

// CheckNetwork implements provisioner.Hypervisor.
func (h *Hypervisor) CheckNetwork(ctx context.Context, xml string) error {
	uuid, want, err := parseNetwork(xml)
	if err != nil {
		return err
	}
	if err := h.enter(ctx, "CheckNetwork", want.name); err != nil {
		return err
	}
	defer h.mu.Unlock()
	return h.others(uuid, want)
}

// EnsureNetwork implements provisioner.Hypervisor.
func (h *Hypervisor) EnsureNetwork(ctx context.Context, xml string) error {
	uuid, want, err := parseNetwork(xml)
	if err != nil {
		return err
	}
	if err := h.enter(ctx, "EnsureNetwork", want.name); err != nil {
		return err
	}
	defer h.mu.Unlock()
	if err := h.others(uuid, want); err != nil {
		return err
	}
	h.networks[uuid] = &want
	return nil
}

// others refuses a network of which somebody else has a part.
func (h *Hypervisor) others(uuid string, want network) error {
	for id, n := range h.networks {
		same := id == uuid && n.name == want.name
		switch {
		case same && n.state != "" && want.state != "" && n.state != want.state:
			return fault.New(fault.Exists, "give this one another: holm host set --network NAME --subnet CIDR",
				"network %q %w: it is that of %s", n.name, hypervisor.ErrNotOurs, n.state)
		case !same && (id == uuid || n.name == want.name || n.bridge == want.bridge):
			return fault.New(fault.Exists, "remove it: virsh net-undefine "+n.name,
				"network %q with bridge %q %w", n.name, n.bridge, hypervisor.ErrNotOurs)
		}
	}
	return nil
}

// RemoveNetwork implements provisioner.Hypervisor.
func (h *Hypervisor) RemoveNetwork(ctx context.Context, uuid string) (gone bool, err error) {
	if err := h.enter(ctx, "RemoveNetwork", uuid); err != nil {
		return false, err
	}
	defer h.mu.Unlock()
	delete(h.networks, uuid)
	return true, nil
}

// EnsureFilter implements provisioner.Hypervisor.
func (h *Hypervisor) EnsureFilter(ctx context.Context, name, xml string) error {
	if err := h.enter(ctx, "EnsureFilter", name); err != nil {
		return err
	}
	defer h.mu.Unlock()
	if got, err := parseFilter(xml); err != nil || got != name {
		return fault.New(fault.Failure, "", "make network filter %q: its XML is that of %q (%w)", name, got, err)
	}
	h.filters[name] = true
	return nil
}

// RemoveFilter implements provisioner.Hypervisor.
func (h *Hypervisor) RemoveFilter(ctx context.Context, name string) error {
	if err := h.enter(ctx, "RemoveFilter", name); err != nil {
		return err
	}
	defer h.mu.Unlock()
	delete(h.filters, name)
	return nil
}
