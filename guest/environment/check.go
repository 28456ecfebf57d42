// Package environment is what an instance makes of report.Environment: it holds what the host tells against what can be
// meant, and writes from it, typed, what the programs of the image read. It touches no file of the guest: package agent does.
package environment

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"holm/guest/report"
)

// The most that an environment may hold. What glibc reads bounds name servers and search domains.
const (
	MaxNameservers  = 3
	MaxSearch       = 6
	MaxHosts        = 512
	MaxNames        = 8 // of one host
	MaxCertificates = 16
	MaxMirrors      = 8
	MaxNot          = 64
	MaxTimeServers  = 8
)

// nameForm is a name in DNS, as resolvers look them up; underscores are real, if not beautiful.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$`)

// urlForm has nothing in it that a unit or a line of variables would take for its own, between quotes.
var urlForm = regexp.MustCompile(`^https?://[A-Za-z0-9._~%!&()*+,;=:@\[\]-]+/*$`)

const (
	maxURL  = 512
	maxName = 253
)

// Check tells whether an environment is one that a guest puts into force: all of it, or nothing.
func Check(e report.Environment) error {
	for _, check := range []func(report.Environment) error{
		checkNameservers, checkSearch, checkHosts, checkCertificates, checkMirrors, checkProxy, checkTimeServers,
	} {
		if err := check(e); err != nil {
			return err
		}
	}
	return nil
}

func checkNameservers(e report.Environment) error {
	if err := atMost(len(e.Nameservers), MaxNameservers, "name servers"); err != nil {
		return err
	}
	for _, server := range e.Nameservers {
		if !reachable(server) {
			return fmt.Errorf("name server %.60q is no address that an instance can reach", server)
		}
	}
	return nil
}

func checkSearch(e report.Environment) error {
	if err := atMost(len(e.Search), MaxSearch, "search domains"); err != nil {
		return err
	}
	for _, domain := range e.Search {
		if len(domain) > maxName || !nameForm.MatchString(domain) {
			return fmt.Errorf("search domain %.60q is no name", domain)
		}
	}
	return nil
}

func checkHosts(e report.Environment) error {
	if err := atMost(len(e.Hosts), MaxHosts, "named hosts"); err != nil {
		return err
	}
	for _, host := range e.Hosts {
		if !reachable(host.Address) {
			return fmt.Errorf("host %.60q is no address that an instance can reach", host.Address)
		}
		if len(host.Names) == 0 {
			return fmt.Errorf("host %s has no name", host.Address)
		}
		if err := atMost(len(host.Names), MaxNames, "names of one host"); err != nil {
			return err
		}
		for _, name := range host.Names {
			if !isName(name) {
				return fmt.Errorf("%.60q is no name of a host", name)
			}
		}
	}
	return nil
}

func checkMirrors(e report.Environment) error {
	if err := atMost(len(e.Mirrors), MaxMirrors, "registry mirrors"); err != nil {
		return err
	}
	for _, mirror := range e.Mirrors {
		u, err := parseURL(mirror)
		// dockerd takes no mirror with a password, and would not start.
		if err != nil || u.User != nil {
			return fmt.Errorf("registry mirror %.60q is no URL of scheme and host alone", hide(mirror))
		}
	}
	return nil
}

func checkTimeServers(e report.Environment) error {
	if err := atMost(len(e.TimeServers), MaxTimeServers, "time servers"); err != nil {
		return err
	}
	for _, server := range e.TimeServers {
		if addr, err := netip.ParseAddr(server); (err != nil || !reachable(addr)) && !isName(server) {
			return fmt.Errorf("time server %.60q is neither a name nor an address", server)
		}
	}
	return nil
}

func atMost(n, most int, what string) error {
	if n > most {
		return fmt.Errorf("%d %s are too many: at most %d", n, what, most)
	}
	return nil
}

// reachable tells whether an address can be another machine's, seen from an instance.
func reachable(addr netip.Addr) bool {
	return addr.IsGlobalUnicast() && addr.Zone() == "" && !addr.Is4In6()
}

// isName tells whether s is a name and cannot be taken for an address, not even by those who read 10.1 as one.
func isName(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	return len(s) <= maxName && nameForm.MatchString(s) && strings.Trim(last, "0123456789") != ""
}

// isLocal tells whether a name means the machine that asks (RFC 6761).
func isLocal(name string) bool {
	name = strings.ToLower(name)
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// parseURL parses what is a scheme, perhaps a user, a host and perhaps a port.
func parseURL(s string) (*url.URL, error) {
	if len(s) > maxURL || !urlForm.MatchString(s) {
		return nil, fmt.Errorf("it has characters or parts that it must not have")
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("it does not parse") // the error would repeat it, password and all
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); (err != nil || addr.Zone() != "") && !isName(host) {
		return nil, fmt.Errorf("its host is neither a name nor an address")
	}
	return u, nil
}

// hide returns a URL without what stands before its host.
func hide(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return "…@" + s[i+1:]
	}
	return s
}
