package model

// Flavor is a named size.
type Flavor struct {
	Name      string `json:"name"`
	VCPUs     int    `json:"vcpus"`
	MemoryMiB int    `json:"memory_mib"`
	DiskGiB   int    `json:"disk_gib"`
	Limits    Limits `json:"limits,omitzero"`
}
