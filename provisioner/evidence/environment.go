package evidence

// Environment is what instances are told of the world around them: set for the host, for a tenant, for an instance. What is left out
// is inherited; the one word "none" is none, whatever would be inherited.
type Environment struct {
	// Nameservers are addresses.
	Nameservers []string `json:"nameservers,omitempty"`
	// Search are domains that are tried behind a short name.
	Search []string `json:"search,omitempty"`
	// Certificates are authorities to trust besides the image's, one PEM block each.
	Certificates []string `json:"certificates,omitempty"`
	// Mirrors are URLs of mirrors of Docker's own registry.
	Mirrors []string `json:"registry_mirrors,omitempty"`
	// Proxy is the way out for HTTP.
	Proxy Proxy `json:"proxy,omitzero"`
	// TimeServers are names or addresses.
	TimeServers []string `json:"time_servers,omitempty"`
}

// Proxy is the way out for HTTP.
type Proxy struct {
	// HTTP is a URL.
	HTTP string `json:"http,omitempty"`
	// HTTPS is a URL.
	HTTPS string `json:"https,omitempty"`
	// Not is what is reached without it.
	Not []string `json:"not,omitempty"`
}
