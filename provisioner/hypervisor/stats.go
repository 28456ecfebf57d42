package hypervisor

// Stats are counters since the domain started. Bytes and nanoseconds.
type Stats struct {
	State       State       `json:"state"`
	CPUTimeNS   uint64      `json:"cpu_time_ns"`
	VCPUs       int         `json:"vcpus"`
	MemoryBytes uint64      `json:"memory_bytes"` // what the guest was given
	RSSBytes    uint64      `json:"rss_bytes"`    // what the host spends on it
	Disks       []DiskStats `json:"disks"`
	NICs        []NICStats  `json:"nics"`
}

// DiskStats are the counters of one disk. Allocated and Capacity come from QMP's block query.
type DiskStats struct {
	Target         string `json:"target"`
	Node           string `json:"node"`
	ReadOnly       bool   `json:"read_only"`
	Format         string `json:"format"`
	ReadBytes      uint64 `json:"read_bytes"`
	ReadRequests   uint64 `json:"read_requests"`
	WriteBytes     uint64 `json:"write_bytes"`
	WriteRequests  uint64 `json:"write_requests"`
	CapacityBytes  uint64 `json:"capacity_bytes"`
	AllocatedBytes uint64 `json:"allocated_bytes"`
}

// NICStats are the counters of one network interface.
type NICStats struct {
	Device    string `json:"device"`
	RxBytes   uint64 `json:"rx_bytes"`
	RxPackets uint64 `json:"rx_packets"`
	TxBytes   uint64 `json:"tx_bytes"`
	TxPackets uint64 `json:"tx_packets"`
}
