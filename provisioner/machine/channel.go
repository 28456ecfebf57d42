package machine

import (
	"libvirt.org/go/libvirtxml"

	"holm/guest/report"
)

// reportChannel is the port over which guest and host talk. Libvirt chooses the socket's path, in a directory that
// only this domain's QEMU can reach.
func reportChannel() libvirtxml.DomainChannel { return channel(report.Channel) }

// readyPort is what the guest has open while it is ready. QEMU closes it when the guest boots anew, so that a reboot from
// within is seen without a word from the guest.
func readyPort() libvirtxml.DomainChannel { return channel(report.ReadyPort) }

func channel(name string) libvirtxml.DomainChannel {
	return libvirtxml.DomainChannel{
		Source: &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{}},
		Target: &libvirtxml.DomainChannelTarget{VirtIO: &libvirtxml.DomainChannelTargetVirtIO{Name: name}},
	}
}
