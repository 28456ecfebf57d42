package machine

import (
	"libvirt.org/go/libvirtxml"

	"holm/internal/fault"
)

// Limits are what a machine may take of its host, whatever its neighbours do; 0 is no limit.
type Limits struct {
	CPUWeight  int // against other machines, when CPUs are short: 1 to 10000; the kernel's default is 100
	CPUPercent int // of one CPU, for all vCPUs and QEMU's own threads together: 200 is two CPUs

	// Of the state disk, reading and writing together. The bursts are what it may do for BurstSeconds at a time.
	IOPS, IOPSBurst int
	MBps, MBpsBurst int // 10^6 bytes
	BurstSeconds    int

	// Of the network, each way, in 10^6 bits a second. The host's packet filter holds to it, and not the machine.
	NetMbit int
}

// cpuPeriod is over how long a CPU quota is counted, in microseconds: the kernel's own.
const cpuPeriod = 100_000

// What limits can be.
const (
	maxCPUWeight    = 10_000
	maxCPUPercent   = 100 * MaxVCPUs
	minCPUPercent   = 5 // the kernel takes no quota below a millisecond, and a guest is dead long before
	maxIOPS         = 10_000_000
	maxMBps         = 1_000_000
	maxBurstSeconds = 3600
	maxNetMbit      = 100_000
	mega            = 1_000_000
)

// Validate holds limits to what can be; its errors are faults of kind Usage.
func (l Limits) Validate() error {
	for _, one := range []struct {
		what            string
		value, min, max int
	}{
		{"a CPU weight", l.CPUWeight, 1, maxCPUWeight},
		{"percent of a CPU", l.CPUPercent, minCPUPercent, maxCPUPercent},
		{"requests a second", l.IOPS, 1, maxIOPS},
		{"requests a second in a burst", l.IOPSBurst, 1, maxIOPS},
		{"MB a second", l.MBps, 1, maxMBps},
		{"MB a second in a burst", l.MBpsBurst, 1, maxMBps},
		{"seconds of a burst", l.BurstSeconds, 1, maxBurstSeconds},
		{"Mbit a second", l.NetMbit, 1, maxNetMbit},
	} {
		if one.value != 0 && (one.value < one.min || one.value > one.max) {
			return fault.New(fault.Usage, "use 0 for no limit", "%d is out of range as %s: use %d to %d", one.value, one.what, one.min, one.max)
		}
	}
	switch {
	case l.IOPSBurst != 0 && l.IOPSBurst <= l.IOPS, l.MBpsBurst != 0 && l.MBpsBurst <= l.MBps:
		return fault.New(fault.Usage, "allow more in a burst, or none",
			"a burst of %d requests and %d MB a second is no more than is always allowed", l.IOPSBurst, l.MBpsBurst)
	case l.IOPSBurst != 0 && l.IOPS == 0, l.MBpsBurst != 0 && l.MBps == 0:
		return fault.New(fault.Usage, "limit what is allowed outside of bursts, too", "a burst needs a limit to burst out of")
	}
	return nil
}

func (l Limits) cpuTune() *libvirtxml.DomainCPUTune {
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

func (l Limits) ioTune() *libvirtxml.DomainDiskIOTune {
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
