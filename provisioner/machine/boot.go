package machine

import "libvirt.org/go/libvirtxml"

// boot hands kernel and initrd to the guest directly: both belong to the image and are pinned by its digest, and no
// boot loader is in the way.
func boot(s Spec) *libvirtxml.DomainOS {
	return &libvirtxml.DomainOS{
		Type:    &libvirtxml.DomainOSType{Arch: "x86_64", Machine: s.Machine, Type: "hvm"},
		Kernel:  s.Kernel,
		Initrd:  s.Initrd,
		Cmdline: s.Cmdline,
	}
}
