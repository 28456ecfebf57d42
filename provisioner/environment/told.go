package environment

import (
	"encoding/json"
	"net/netip"

	"holm/guest/report"
	"holm/provisioner/model"
)

// Domain is that of the names of instances: "db.acme.holm".
const Domain = "holm"

// maxTold is how long what a guest is told may be, in bytes: its longest line, less what else is in the question.
const maxTold = report.MaxLine - 8<<10

// maxHosts is how many addresses of siblings a guest is told at most.
const maxHosts = 512

// Siblings are the names of an instance and of those that it may reach, which others are. The same ones are always told in the same order.
func Siblings(own model.Instance, others []model.Instance) []report.HostName {
	var hosts []report.HostName
	for _, inst := range append([]model.Instance{own}, others...) {
		names := []string{inst.Name, inst.Name + "." + inst.Tenant + "." + Domain}
		for _, a := range []netip.Addr{inst.Address, inst.Address6} {
			if a.IsValid() && len(hosts) < maxHosts {
				hosts = append(hosts, report.HostName{Address: a, Names: names})
			}
		}
	}
	return hosts
}

// Told is what a guest is told: what is in force, and names. Names for which the line has no room are left out, the last
// first; left says how many addresses those are.
func (f InForce) Told(hosts []report.HostName) (told report.Environment, left int) {
	for _, text := range f.Nameservers {
		if a, err := netip.ParseAddr(text); err == nil {
			told.Nameservers = append(told.Nameservers, a)
		}
	}
	told.Search, told.Certificates = f.Search, f.Certificates
	told.Mirrors, told.TimeServers = f.Mirrors, f.TimeServers
	if f.Proxy.HTTP != "" || f.Proxy.HTTPS != "" {
		told.Proxy = &report.Proxy{HTTP: f.Proxy.HTTP, HTTPS: f.Proxy.HTTPS, Not: f.Proxy.Not}
	}
	room := maxTold - size(told)
	for i, host := range hosts {
		if room -= size(host) + 1; room < 0 {
			return told, len(hosts) - i
		}
		told.Hosts = append(told.Hosts, host)
	}
	return told, 0
}

// size is how much of a line something takes, in bytes.
func size(value any) int {
	text, _ := json.Marshal(value) // types that are always JSON
	return len(text)
}
