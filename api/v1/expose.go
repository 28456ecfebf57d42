package v1

// Port is one of the host's ports that leads to an instance.
type Port struct {
	// Protocol is "tcp" or "udp".
	Protocol string `json:"protocol"`
	// Host is the port of the host.
	Host uint16 `json:"host"`
	// Guest is the port of the instance.
	Guest uint16 `json:"guest"`
}

// Exposure is a port of the host and the instance that it leads to.
type Exposure struct {
	Port
	// Tenant is whom the instance belongs to.
	Tenant string `json:"tenant"`
	// Name is the instance's.
	Name string `json:"name"`
	// Address is the instance's, IPv4.
	Address string `json:"address"`
	// State is the instance's on record: at one that is not "ready" nobody may answer.
	State string `json:"state"`
}

// ExposureList is what `expose` prints.
type ExposureList struct {
	// Exposed are all ports of the instance that was named, or of all, sorted by port.
	Exposed []Exposure `json:"exposed"`
}
