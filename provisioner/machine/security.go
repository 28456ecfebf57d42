package machine

import "libvirt.org/go/libvirtxml"

// memory keeps the guest's pages out of QEMU's core dumps.
func memory(mib int) *libvirtxml.DomainMemory {
	return &libvirtxml.DomainMemory{Value: uint(mib), Unit: "MiB", DumpCore: "off"}
}

// unshared takes the guest out of page merging, whatever the host's KSM does: the time of a write to a merged page
// tells one tenant what is in another's memory.
func unshared() *libvirtxml.DomainMemoryBacking {
	return &libvirtxml.DomainMemoryBacking{MemoryNosharepages: &libvirtxml.DomainMemoryNosharepages{}}
}

// noSuspend: a guest that suspends itself looks like one that hangs, and nobody would wake it.
func noSuspend() *libvirtxml.DomainPM {
	return &libvirtxml.DomainPM{
		SuspendToMem:  &libvirtxml.DomainPMPolicy{Enabled: "no"},
		SuspendToDisk: &libvirtxml.DomainPMPolicy{Enabled: "no"},
	}
}

// noUSB has to be said: libvirt adds a controller of its own to a machine that does not mention USB.
func noUSB() []libvirtxml.DomainController {
	return []libvirtxml.DomainController{{Type: "usb", Model: "none"}}
}

// noBalloon has to be said too; the memory of an instance is what its flavor says.
func noBalloon() *libvirtxml.DomainMemBalloon {
	return &libvirtxml.DomainMemBalloon{Model: "none"}
}

// panicNotifier turns a kernel panic, and so a root disk that fails dm-verity, into libvirt's "crashed" event instead
// of a guest that hangs. Besides the serial port it is the one device that is not virtio: it is a single I/O port that
// the guest writes to, and virtio has nothing like it.
func panicNotifier() libvirtxml.DomainPanic {
	return libvirtxml.DomainPanic{Model: "isa"}
}
