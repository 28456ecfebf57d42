package v1

// Host is what is set for this machine, and what instances are told that say nothing themselves. What is left out is holm's default.
type Host struct {
	// LabMode allows instances without hardware virtualization, which is no isolation boundary.
	LabMode bool `json:"lab_mode"`
	// Network is the name of the libvirt network of the tenant "default".
	Network string `json:"network,omitempty"`
	// Subnet is that network's: "10.77.0.0/24".
	Subnet string `json:"subnet,omitempty"`
	// AddressPool is what tenants' subnets are cut from: "10.200.0.0/16".
	AddressPool string `json:"address_pool,omitempty"`
	// Metadata are addresses at which this cloud hands out credentials, with commas between.
	Metadata string `json:"metadata_addresses,omitempty"`
	// Users are what tenants' users are taken from: "2000000000-2000065535".
	Users string `json:"users,omitempty"`
	// Pool is where volumes live when nobody says where; left out for the state directory.
	Pool string `json:"pool,omitempty"`
	// MemoryReserveMiB is kept for the host itself, in MiB.
	MemoryReserveMiB int `json:"memory_reserve_mib,omitempty"`
	// MemoryOvercommit is how many times the rest may be promised to instances.
	MemoryOvercommit float64 `json:"memory_overcommit,omitempty"`
	// Site is where this machine stands, in the operator's word: "NO-OSL1".
	Site string `json:"site,omitempty"`
	// Jurisdiction is whose law holds there, two letters: "NO".
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// Environment is what is set for all instances here.
	Environment Environment `json:"environment,omitzero"`
	// InForce is what instances are told that say nothing themselves, without passwords.
	InForce InForce `json:"in_force"`
}

// HostReport is what `doctor` says of a host.
type HostReport struct {
	// Host is which machine was looked at.
	Host HostFacts `json:"host"`
	// Lab: in lab mode what is wrong with isolation only warns.
	Lab bool `json:"lab"`
	// Results are in an order that does not change.
	Results []HostCheck `json:"results"`
}

// HostFacts says which machine was looked at. What could not be learnt is empty or zero.
type HostFacts struct {
	// Hostname is the machine's own.
	Hostname string `json:"hostname"`
	// OS is "Debian 13".
	OS string `json:"os"`
	// Libvirt is a version: "11.3.0".
	Libvirt string `json:"libvirt"`
	// QEMU is a version: "10.0.2".
	QEMU string `json:"qemu"`
	// CPUs is a number of processors.
	CPUs int `json:"cpus"`
	// MemoryBytes is in bytes.
	MemoryBytes uint64 `json:"memory_bytes"`
}

// HostCheck is one check of a host as it came out; `doctor --fix` prints it alone.
type HostCheck struct {
	// ID names the check.
	ID string `json:"id"`
	// Status is "ok", "warn" or "fail".
	Status string `json:"status"`
	// Found is one line.
	Found string `json:"found"`
	// Remedy is a command to paste, or what to do where no command helps.
	Remedy string `json:"remedy,omitempty"`
}

// HostKey is what `unlock` says of the key that opens all others on this host.
type HostKey struct {
	// Mode is "auto", "manual" or "credential".
	Mode string `json:"mode"`
	// Open: it can be used now.
	Open bool `json:"open"`
	// Unfinished: an exchange of the key was cut short.
	Unfinished bool `json:"unfinished,omitempty"`
}

// Version says which holm this is.
type Version struct {
	// Version is holm's.
	Version string `json:"version"`
	// Revision is the source's; "" when it was not recorded.
	Revision string `json:"revision"`
	// Modified: the source differed from the revision.
	Modified bool `json:"modified"`
	// Go is the toolchain's version.
	Go string `json:"go"`
	// Platform is "linux/amd64".
	Platform string `json:"platform"`
}
