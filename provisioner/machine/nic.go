package machine

import (
	"cmp"

	"libvirt.org/go/libvirtxml"

	"holm/provisioner/network"
)

// nic: the filter lets out only what bears this MAC and these addresses. All are given, and learning is off, because
// libvirt would otherwise believe the first packet that the guest sends. The isolated port keeps instances of a
// network apart; the host is not kept apart by it. No boot ROM: nothing boots from the network.
func nic(s Spec) libvirtxml.DomainInterface {
	nic := libvirtxml.DomainInterface{
		MAC:    &libvirtxml.DomainInterfaceMAC{Address: s.MAC},
		Source: &libvirtxml.DomainInterfaceSource{Network: &libvirtxml.DomainInterfaceSourceNetwork{Network: s.Network}},
		Model:  &libvirtxml.DomainInterfaceModel{Type: "virtio"},
		Link:   &libvirtxml.DomainInterfaceLink{State: "up"},
		ROM:    &libvirtxml.DomainROM{Enabled: "no"},
		FilterRef: &libvirtxml.DomainInterfaceFilterRef{
			Filter: s.Filter,
			Parameters: []libvirtxml.DomainInterfaceFilterParam{
				{Name: "CTRL_IP_LEARNING", Value: "none"},
				{Name: network.VarAddress, Value: s.Address.String()},
			},
		},
	}
	if !s.Internal {
		nic.PortOptions = &libvirtxml.DomainInterfacePortOptions{Isolated: "yes"}
	}
	if local, err := network.LinkLocal(s.MAC); err == nil {
		// A variable of the filter has to have a value: who has no other IPv6 address has this one twice.
		nic.FilterRef.Parameters = append(nic.FilterRef.Parameters,
			libvirtxml.DomainInterfaceFilterParam{Name: network.VarAddress6, Value: cmp.Or(s.Address6, local).String()},
			libvirtxml.DomainInterfaceFilterParam{Name: network.VarLinkLocal, Value: local.String()})
	}
	return nic
}
