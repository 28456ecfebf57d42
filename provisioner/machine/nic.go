package machine

import "libvirt.org/go/libvirtxml"

// nic: the filter lets out only what bears this MAC and this address. Both are given, and learning is off, because
// libvirt would otherwise believe the first packet that the guest sends. The isolated port keeps instances of a
// network apart; the host is not kept apart by it. No boot ROM: nothing boots from the network.
func nic(s Spec) libvirtxml.DomainInterface {
	return libvirtxml.DomainInterface{
		MAC:         &libvirtxml.DomainInterfaceMAC{Address: s.MAC},
		Source:      &libvirtxml.DomainInterfaceSource{Network: &libvirtxml.DomainInterfaceSourceNetwork{Network: s.Network}},
		Model:       &libvirtxml.DomainInterfaceModel{Type: "virtio"},
		PortOptions: &libvirtxml.DomainInterfacePortOptions{Isolated: "yes"},
		Link:        &libvirtxml.DomainInterfaceLink{State: "up"},
		ROM:         &libvirtxml.DomainROM{Enabled: "no"},
		FilterRef: &libvirtxml.DomainInterfaceFilterRef{
			Filter: "clean-traffic",
			Parameters: []libvirtxml.DomainInterfaceFilterParam{
				{Name: "CTRL_IP_LEARNING", Value: "none"},
				{Name: "IP", Value: s.Address},
			},
		},
	}
}
