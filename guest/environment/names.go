package environment

import (
	"slices"
	"strings"

	"holm/guest/report"
	"holm/internal/unitfile"
)

// Resolved is what systemd-resolved is told. Servers of the host come before any that an older seed gave to the interface:
// they are for all names ("~.").
func Resolved(e report.Environment) ([]byte, error) {
	var settings []unitfile.Setting
	domains := e.Search
	if len(e.Nameservers) > 0 {
		var servers []string
		for _, server := range e.Nameservers {
			servers = append(servers, server.String())
		}
		settings = append(settings, unitfile.Setting{Name: "DNS", Value: strings.Join(servers, " ")})
		domains = append([]string{"~."}, domains...)
	}
	if len(domains) > 0 {
		settings = append(settings, unitfile.Setting{Name: "Domains", Value: strings.Join(domains, " ")})
	}
	return encodeUnit("Resolve", settings)
}

// Timesyncd is what systemd-timesyncd is told.
func Timesyncd(e report.Environment) ([]byte, error) {
	if len(e.TimeServers) == 0 {
		return encodeUnit("Time", nil)
	}
	return encodeUnit("Time", []unitfile.Setting{{Name: "NTP", Value: strings.Join(e.TimeServers, " ")}})
}

// encodeUnit writes one section, or nothing when there are no settings.
func encodeUnit(section string, settings []unitfile.Setting) ([]byte, error) {
	if len(settings) == 0 {
		return nil, nil
	}
	return unitfile.Encode(unitfile.File{section: settings})
}

// Hosts puts siblings into hosts(5). What the owner has written there stays, and comes first.
func Hosts(hosts []byte, e report.Environment) []byte {
	var ours []byte
	for _, host := range e.Hosts {
		// An instance may be called localhost; nobody else is led to it.
		if names := slices.DeleteFunc(slices.Clone(host.Names), isLocal); len(names) > 0 {
			ours = append(ours, host.Address.String()+" "+strings.Join(names, " ")+"\n"...)
		}
	}
	return withBlock(hosts, ours)
}

// Session puts variables into the file from which PAM gives every session its own.
func Session(file []byte, e report.Environment) ([]byte, error) {
	ours, err := EncodeVariables(Variables(e))
	if err != nil {
		return nil, err
	}
	return withBlock(file, ours), nil
}
