package machine

import (
	"libvirt.org/go/libvirtxml"

	"holm/provisioner/model"
)

// cpuPeriod is over how long a CPU quota is counted, in microseconds: the kernel's own.
const cpuPeriod = 100_000

const mega = 1_000_000

func cpuTune(l model.Limits) *libvirtxml.DomainCPUTune {
	if l.CPUWeight == 0 && l.CPUPercent == 0 {
		return nil
	}
	tune := &libvirtxml.DomainCPUTune{}
	if l.CPUWeight != 0 {
		tune.Shares = &libvirtxml.DomainCPUTuneShares{Value: uint(l.CPUWeight)} // #nosec G115 -- validated
	}
	if l.CPUPercent != 0 {
		tune.GlobalPeriod = &libvirtxml.DomainCPUTunePeriod{Value: cpuPeriod}
		tune.GlobalQuota = &libvirtxml.DomainCPUTuneQuota{Value: int64(l.CPUPercent) * cpuPeriod / 100}
	}
	return tune
}

func ioTune(l model.Limits) *libvirtxml.DomainDiskIOTune {
	if l.IOPS == 0 && l.MBps == 0 {
		return nil
	}
	tune := &libvirtxml.DomainDiskIOTune{
		TotalIopsSec: uint64(l.IOPS), TotalIopsSecMax: uint64(l.IOPSBurst), // #nosec G115 -- validated
		TotalBytesSec: uint64(l.MBps) * mega, TotalBytesSecMax: uint64(l.MBpsBurst) * mega, // #nosec G115 -- validated
	}
	if l.IOPSBurst != 0 {
		tune.TotalIopsSecMaxLength = uint64(l.BurstSeconds) // #nosec G115 -- validated
	}
	if l.MBpsBurst != 0 {
		tune.TotalBytesSecMaxLength = uint64(l.BurstSeconds) // #nosec G115 -- validated
	}
	return tune
}
