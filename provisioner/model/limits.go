package model

import "holm/internal/fault"

// Limits are what an instance may take of its host, whatever its neighbours do; 0 is no limit.
type Limits struct {
	CPUWeight  int `json:"cpu_weight,omitempty"`  // against other machines, when CPUs are short: 1 to 10000; the kernel's default is 100
	CPUPercent int `json:"cpu_percent,omitempty"` // of one CPU, for all vCPUs and QEMU's own threads together: 200 is two CPUs

	// Of the state disk, reading and writing together. The bursts are what it may do for BurstSeconds at a time; MB are 10^6 bytes.
	IOPS         int `json:"iops,omitempty"`
	IOPSBurst    int `json:"iops_burst,omitempty"`
	MBps         int `json:"mb_per_second,omitempty"`
	MBpsBurst    int `json:"mb_per_second_burst,omitempty"`
	BurstSeconds int `json:"burst_seconds,omitempty"`

	// Of the network, each way, in 10^6 bits a second. The host's packet filter holds to it, and not the machine.
	NetMbit int `json:"net_mbit_per_second,omitempty"`
}

// MaxVCPUs is how many a machine can have.
const MaxVCPUs = 255

// What limits can be.
const (
	maxCPUWeight    = 10_000
	maxCPUPercent   = 100 * MaxVCPUs
	minCPUPercent   = 5 // the kernel takes no quota below a millisecond, and a guest is dead long before
	maxIOPS         = 10_000_000
	maxMBps         = 1_000_000
	maxBurstSeconds = 3600
	maxNetMbit      = 100_000
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
