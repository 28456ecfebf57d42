// Package environment holds the rules of what instances are told of the world around them: what may be set, what of an
// instance, its tenant, its host and the host's own resolver is in force, and what of that a guest is told.
package environment

import (
	"net/netip"
	"slices"
	"strings"

	"holm/provisioner/model"
)

// Where a setting that is in force comes from.
const (
	FromInstance = "instance"
	FromTenant   = "tenant"
	FromHost     = "host"
	FromResolver = "found" // in the host's own resolver
)

// The settings, as From and the JSON of a record name them.
const (
	Nameservers  = "nameservers"
	Search       = "search"
	Certificates = "certificates"
	Mirrors      = "registry_mirrors"
	HTTP         = "proxy.http"
	HTTPS        = "proxy.https"
	NotProxied   = "proxy.not"
	TimeServers  = "time_servers"
)

// InForce is what an instance is told, and where each of it comes from.
type InForce struct {
	model.Environment
	From map[string]string `json:"from,omitempty"`
	// Dropped is what cannot be told, each with the reason: one line.
	Dropped []string `json:"dropped,omitempty"`
}

// Shown is f without passwords.
func (f InForce) Shown() InForce {
	f.Environment = f.Environment.Shown()
	return f
}

// layer is what one place says.
type layer struct {
	from string
	says model.Environment
}

// Merge is what holds for an instance of a tenant on a host: each setting comes from the nearest that has one, and
// certificates add up. Found is the host's own resolver; six says whether the instance gets out by IPv6.
func Merge(instance, tenant, host model.Environment, found Resolver, six bool) InForce {
	layers := []layer{{FromInstance, instance}, {FromTenant, tenant}, {FromHost, host}}
	f := InForce{From: map[string]string{}}
	pick := func(name string, of func(model.Environment) []string, otherwise []string) []string {
		for _, l := range layers {
			if list := of(l.says); len(list) > 0 {
				f.From[name] = l.from
				if list[0] == model.None {
					return nil
				}
				return slices.Clone(list)
			}
		}
		if len(otherwise) > 0 {
			f.From[name] = FromResolver
		}
		return slices.Clone(otherwise)
	}
	word := func(name string, of func(model.Environment) string) string {
		return strings.Join(pick(name, func(e model.Environment) []string {
			if of(e) == "" {
				return nil
			}
			return []string{of(e)}
		}, nil), "")
	}
	servers := make([]string, len(found.Servers))
	for i, a := range found.Servers {
		servers[i] = a.String()
	}
	f.Nameservers = pick(Nameservers, func(e model.Environment) []string { return e.Nameservers }, servers)
	f.reachable(six)
	f.Search = pick(Search, func(e model.Environment) []string { return e.Search }, found.Search)
	f.Mirrors = pick(Mirrors, func(e model.Environment) []string { return e.Mirrors }, nil)
	f.TimeServers = pick(TimeServers, func(e model.Environment) []string { return e.TimeServers }, nil)
	f.Proxy.HTTP = word(HTTP, func(e model.Environment) string { return e.Proxy.HTTP })
	f.Proxy.HTTPS = word(HTTPS, func(e model.Environment) string { return e.Proxy.HTTPS })
	f.Proxy.Not = pick(NotProxied, func(e model.Environment) []string { return e.Proxy.Not }, nil)
	f.addCertificates(layers)
	return f
}

// reachable leaves the name servers that a guest can ask: none of IPv6 for one that has no IPv6, and three in all, as no
// resolver asks more.
func (f *InForce) reachable(six bool) {
	var kept []string
	for _, text := range f.Nameservers {
		a, err := netip.ParseAddr(text)
		switch {
		case err != nil:
		case a.Is6() && !six:
			f.Dropped = append(f.Dropped, "name server "+text+": the instance has no IPv6")
		case len(kept) < maxNameservers:
			kept = append(kept, text)
		}
	}
	f.Nameservers = kept
}

// addCertificates adds up those of all layers, the host's first, as far as there is room to tell them.
func (f *InForce) addCertificates(layers []layer) {
	var from []string
	size := 0
	for _, l := range slices.Backward(layers) {
		added := false
		for _, text := range l.says.Certificates {
			if slices.Contains(f.Certificates, text) {
				continue
			}
			if len(f.Certificates) == maxCertificates || size+len(text) > maxCertificateBytes {
				f.Dropped = append(f.Dropped, "certificate "+Fingerprint(text)+" of the "+l.from+": there are too many")
				continue
			}
			f.Certificates = append(f.Certificates, text)
			size += len(text)
			added = true
		}
		if added {
			from = append(from, l.from)
		}
	}
	if len(from) > 0 {
		f.From[Certificates] = strings.Join(from, ", ")
	}
}
