package v1

// Flavor is a named size.
type Flavor struct {
	// Name is what `create --flavor` takes.
	Name string `json:"name"`
	// VCPUs is how many processors an instance sees.
	VCPUs int `json:"vcpus"`
	// MemoryMiB is in MiB.
	MemoryMiB int `json:"memory_mib"`
	// DiskGiB is the size of the state disk, in GiB.
	DiskGiB int `json:"disk_gib"`
	// Limits are what an instance may take of its host.
	Limits Limits `json:"limits,omitzero"`
}

// Limits are what an instance may take of its host, whatever its neighbours do. What is left out is not limited.
type Limits struct {
	// CPUWeight is its share when processors are short; 100 is usual.
	CPUWeight int `json:"cpu_weight,omitempty"`
	// CPUPercent is the most for all of it, in percent of one processor.
	CPUPercent int `json:"cpu_percent,omitempty"`
	// IOPS is requests a second to its disk.
	IOPS int `json:"iops,omitempty"`
	// IOPSBurst is requests a second for a while.
	IOPSBurst int `json:"iops_burst,omitempty"`
	// MBps is to and from its disk, in 10⁶ bytes a second.
	MBps int `json:"mb_per_second,omitempty"`
	// MBpsBurst is the same for a while.
	MBpsBurst int `json:"mb_per_second_burst,omitempty"`
	// BurstSeconds is how long a burst may last, in seconds.
	BurstSeconds int `json:"burst_seconds,omitempty"`
	// NetMbit is from and to its network each, in 10⁶ bits a second.
	NetMbit int `json:"net_mbit_per_second,omitempty"`
}

// FlavorList is any number of flavors.
type FlavorList struct {
	// Flavors are the standard ones and those that were made; after `flavor set` it is the one that was set.
	Flavors []Flavor `json:"flavors"`
}
