package report

import "net/netip"

// Environment is what the host tells a guest of the world around it, at each start and whenever it changes. It replaces
// what was told before; the guest keeps it, so that a reboot from within needs nobody to tell it again.
type Environment struct {
	Nameservers []netip.Addr `json:"nameservers,omitempty"`
	Search      []string     `json:"search,omitempty"` // domains that are tried behind a short name
	Hosts       []HostName   `json:"hosts,omitempty"`  // siblings that may be reached

	Certificates []string `json:"certificates,omitempty"` // CAs to trust besides Debian's, one PEM block each
	Mirrors      []string `json:"mirrors,omitempty"`      // of Docker's own registry: URLs
	Proxy        *Proxy   `json:"proxy,omitempty"`
	TimeServers  []string `json:"time_servers,omitempty"` // of NTP: names or addresses; none are those of the image
}

// HostName is an address and the names that lead to it.
type HostName struct {
	Address netip.Addr `json:"address"`
	Names   []string   `json:"names"`
}

// Proxy is the way out for HTTP. A URL may hold a password.
type Proxy struct {
	HTTP  string   `json:"http,omitempty"`
	HTTPS string   `json:"https,omitempty"`
	Not   []string `json:"not,omitempty"` // names, domains with a dot in front, addresses, subnets: reached without it
}
