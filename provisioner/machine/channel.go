package machine

import (
	"libvirt.org/go/libvirtxml"

	"holm/guest/report"
)

// reportChannel is the port over which guest and host talk. Libvirt chooses the socket's path, in a directory that
// only this domain's QEMU can reach.
func reportChannel() libvirtxml.DomainChannel {
	return libvirtxml.DomainChannel{
		Source: &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{}},
		Target: &libvirtxml.DomainChannelTarget{VirtIO: &libvirtxml.DomainChannelTargetVirtIO{Name: report.Channel}},
	}
}
