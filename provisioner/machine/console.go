package machine

import "libvirt.org/go/libvirtxml"

// serial is the guest's console: ttyS0, because a kernel can write to it before any driver is up. Its log is written
// by virtlogd, which bounds it.
func serial(log string) libvirtxml.DomainSerial {
	return libvirtxml.DomainSerial{
		Source: &libvirtxml.DomainChardevSource{Pty: &libvirtxml.DomainChardevSourcePty{}},
		Target: &libvirtxml.DomainSerialTarget{Type: "isa-serial", Port: new(uint)},
		Log:    &libvirtxml.DomainChardevLog{File: log, Append: "on"},
	}
}
