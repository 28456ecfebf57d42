package model

import (
	"net/url"
	"slices"
)

// None is the one word of a list, or the URL of a proxy, that says: none, whatever would be inherited.
const None = "none"

// Environment is what instances are told of the world around them: set for the host, for a tenant, for an instance. What
// is empty is inherited. Rules: provisioner/environment.
type Environment struct {
	Nameservers  []string `json:"nameservers,omitempty"`
	Search       []string `json:"search,omitempty"`           // domains that are tried behind a short name
	Certificates []string `json:"certificates,omitempty"`     // CAs to trust besides the image's, one PEM block each
	Mirrors      []string `json:"registry_mirrors,omitempty"` // of Docker's own registry: URLs
	Proxy        Proxy    `json:"proxy,omitzero"`
	TimeServers  []string `json:"time_servers,omitempty"`
}

// Proxy is the way out for HTTP. A URL may hold a password: see Shown.
type Proxy struct {
	HTTP  string   `json:"http,omitempty"`
	HTTPS string   `json:"https,omitempty"`
	Not   []string `json:"not,omitempty"` // what is reached without it
}

// Shown is e as it may be seen by others: without passwords.
func (e Environment) Shown() Environment {
	e.Proxy.HTTP, e.Proxy.HTTPS = withoutPassword(e.Proxy.HTTP), withoutPassword(e.Proxy.HTTPS)
	return e
}

// Clone shares nothing with e.
func (e Environment) Clone() Environment {
	for _, list := range []*[]string{&e.Nameservers, &e.Search, &e.Certificates, &e.Mirrors, &e.TimeServers, &e.Proxy.Not} {
		*list = slices.Clone(*list)
	}
	return e
}

// withoutPassword is a URL with its password struck out. What is no URL is struck out as a whole.
func withoutPassword(text string) string {
	if text == "" || text == None {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "(not shown)"
	}
	return u.Redacted()
}
