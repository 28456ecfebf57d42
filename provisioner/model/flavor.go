package model

// Limits are what an instance may take of its host, whatever its neighbours do; 0 is no limit. machine.Limits explains them.
type Limits struct {
	CPUWeight    int `json:"cpu_weight,omitempty"`
	CPUPercent   int `json:"cpu_percent,omitempty"`
	IOPS         int `json:"iops,omitempty"`
	IOPSBurst    int `json:"iops_burst,omitempty"`
	MBps         int `json:"mb_per_second,omitempty"`
	MBpsBurst    int `json:"mb_per_second_burst,omitempty"`
	BurstSeconds int `json:"burst_seconds,omitempty"`
	NetMbit      int `json:"net_mbit_per_second,omitempty"`
}

// Flavor is a named size.
type Flavor struct {
	Name      string `json:"name"`
	VCPUs     int    `json:"vcpus"`
	MemoryMiB int    `json:"memory_mib"`
	DiskGiB   int    `json:"disk_gib"`
	Limits    Limits `json:"limits,omitzero"`
}
