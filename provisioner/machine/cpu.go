package machine

import "libvirt.org/go/libvirtxml"

func domainType(accel string) string {
	if accel == KVM {
		return "kvm"
	}
	return "qemu"
}

// cpu gives a KVM guest the host's own CPU, which is the only model that carries every mitigation the host has;
// migratable leaves out what cannot be saved and restored. Under emulation the maximum is what QEMU can emulate:
// features cost nothing until they are used, and the kernel uses the fast ones.
func cpu(accel string) *libvirtxml.DomainCPU {
	if accel == KVM {
		return &libvirtxml.DomainCPU{Mode: "host-passthrough", Check: "none", Migratable: "on"}
	}
	return &libvirtxml.DomainCPU{Mode: "maximum", Check: "none"}
}

// vcpus leaves room for a second one that never comes, when the only one is emulated. QEMU leaves memory barriers out of
// what it emulates when there can be no second CPU, although its disks and ports run in threads of their own: something to
// do can be missed. It was seen on the emulated drives of the nested box, whose flushes took 30 seconds now and then.
func vcpus(s Spec) *libvirtxml.DomainVCPU {
	if s.Accel == TCG && s.VCPUs == 1 {
		return &libvirtxml.DomainVCPU{Placement: "static", Current: 1, Value: spareVCPUs}
	}
	return &libvirtxml.DomainVCPU{Placement: "static", Value: uint(s.VCPUs)} // #nosec G115 -- validated
}

// spareVCPUs is how many an emulated machine with one could have.
const spareVCPUs = 2

// features: ACPI is how a guest is asked to power off and how a disk is unplugged. vmport is VMware's back door,
// which QEMU opens unless it is told not to.
func features() *libvirtxml.DomainFeatureList {
	return &libvirtxml.DomainFeatureList{
		ACPI:   &libvirtxml.DomainFeature{},
		APIC:   &libvirtxml.DomainFeatureAPIC{},
		VMPort: &libvirtxml.DomainFeatureState{State: "off"},
	}
}

// clock runs in UTC. The HPET is off because it wakes the host for every tick and no guest of ours needs it; the
// lost-tick policies are those that KVM can serve cheaply.
func clock(accel string) *libvirtxml.DomainClock {
	timers := []libvirtxml.DomainTimer{
		{Name: "rtc", TickPolicy: "catchup"},
		{Name: "pit", TickPolicy: "delay"},
		{Name: "hpet", Present: "no"},
	}
	if accel == KVM {
		timers = append(timers, libvirtxml.DomainTimer{Name: "kvmclock", Present: "yes"})
	}
	return &libvirtxml.DomainClock{Offset: "utc", Timer: timers}
}
