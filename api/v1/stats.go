package v1

// Stats are counters of a domain since it started.
type Stats struct {
	// State is what the hypervisor says now, as domain_state of an instance.
	State string `json:"state"`
	// CPUTimeNS is in nanoseconds, of all processors.
	CPUTimeNS uint64 `json:"cpu_time_ns"`
	// VCPUs is how many processors it sees.
	VCPUs int `json:"vcpus"`
	// MemoryBytes is what the guest was given, in bytes.
	MemoryBytes uint64 `json:"memory_bytes"`
	// RSSBytes is what the host spends on it, in bytes.
	RSSBytes uint64 `json:"rss_bytes"`
	// Disks are in the order in which they are attached.
	Disks []DiskStats `json:"disks"`
	// NICs are its interfaces.
	NICs []NICStats `json:"nics"`
}

// DiskStats are the counters of one disk.
type DiskStats struct {
	// Target is its name in the domain: "vda".
	Target string `json:"target"`
	// Node is QEMU's name of it.
	Node string `json:"node"`
	// ReadOnly: the hypervisor lets nothing be written.
	ReadOnly bool `json:"read_only"`
	// Format is "raw", "qcow2" …
	Format string `json:"format"`
	// ReadBytes is in bytes.
	ReadBytes uint64 `json:"read_bytes"`
	// ReadRequests is a number of requests.
	ReadRequests uint64 `json:"read_requests"`
	// WriteBytes is in bytes.
	WriteBytes uint64 `json:"write_bytes"`
	// WriteRequests is a number of requests.
	WriteRequests uint64 `json:"write_requests"`
	// CapacityBytes is what the guest sees, in bytes.
	CapacityBytes uint64 `json:"capacity_bytes"`
	// AllocatedBytes is what it takes on the host, in bytes.
	AllocatedBytes uint64 `json:"allocated_bytes"`
}

// NICStats are the counters of one network interface, from the host's side of it.
type NICStats struct {
	// Device is the host's: "vnet0".
	Device string `json:"device"`
	// RxBytes is in bytes.
	RxBytes uint64 `json:"rx_bytes"`
	// RxPackets is a number of packets.
	RxPackets uint64 `json:"rx_packets"`
	// TxBytes is in bytes.
	TxBytes uint64 `json:"tx_bytes"`
	// TxPackets is a number of packets.
	TxPackets uint64 `json:"tx_packets"`
}

// InstanceStats is what one instance uses.
type InstanceStats struct {
	// Name is the instance's.
	Name string `json:"name"`
	// Tenant is whom it belongs to.
	Tenant string `json:"tenant"`
	// Stats are its counters.
	Stats Stats `json:"stats"`
}

// InstanceStatsList is what `stats` prints.
type InstanceStatsList struct {
	// Instances are those that run, or that were named.
	Instances []InstanceStats `json:"instances"`
}
