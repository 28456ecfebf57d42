package hosts

import (
	"holm/internal/fault"
	"holm/provisioner/machine"
	"holm/provisioner/model"
	"holm/provisioner/pools"
)

// Fits refuses a size that this host could not run even if nothing else ran.
func Fits(size model.Flavor, host Capacity) error {
	switch {
	case size.VCPUs > host.CPUs:
		return fault.New(fault.HostTooSmall, "ask for fewer: --cpus N",
			"%d vCPUs are more than the %d CPUs of this host", fault.Asked(size.VCPUs), fault.Limit(host.CPUs)).With(fault.Unit("cpus"))
	case size.MemoryMiB > host.MemoryMiB:
		return fault.New(fault.HostTooSmall, "ask for less: --memory SIZE",
			"%d MiB of memory are more than the %d MiB of this host", fault.Asked(size.MemoryMiB), fault.Limit(host.MemoryMiB)).
			With(fault.Unit("MiB"))
	case host.FreeBytes < pools.MinFree:
		return fault.New(fault.HostFull, "make room, or choose another place with --state",
			"the disk is full: %d MiB are free where instances are kept, %d MiB are needed",
			fault.Free(host.FreeBytes>>20), fault.Asked(pools.MinFree>>20)).
			With(fault.Unit("MiB"))
	}
	return nil
}

// Accelerator decides between KVM and, in lab mode only, emulation.
func Accelerator(set model.Host, host Capacity) (string, error) {
	if host.KVM {
		return machine.KVM, nil
	}
	if !set.LabMode {
		return "", fault.New(fault.EmulationRefused, "for a lab only: holm host set --lab-mode on      see: holm doctor",
			"KVM does not work here (%s), and emulation is no isolation boundary", host.WhyNot)
	}
	return machine.TCG, nil
}

// Emulates refuses an emulated instance on a host that is not in lab mode, or has left it since the instance was made.
func Emulates(inst model.Instance, host model.Host) error {
	if inst.Accel == machine.KVM || host.LabMode {
		return nil
	}
	return fault.New(fault.EmulationRefused, "for a lab only: holm host set --lab-mode on",
		"instance %q is emulated, which is no isolation boundary, and lab mode is off", fault.Instance(inst.Name))
}

// Capacity is what the host has, and how it can run a guest.
type Capacity struct {
	CPUs      int
	MemoryMiB int
	FreeBytes uint64 // on the file system of the state directory
	Machine   string // newest versioned q35 machine type
	KVM       bool   // tried, not looked up
	WhyNot    string // why KVM does not work; one line
}
