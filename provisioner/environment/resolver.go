package environment

import (
	"bufio"
	"io"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"
)

// maxResolvConf bounds what is read of a resolv.conf, and maxFiles how many of a pattern are.
const (
	maxResolvConf = 64 << 10
	maxFiles      = 32
)

// Resolver is what the host's own resolver says.
type Resolver struct {
	Servers []netip.Addr // that other machines can ask as well
	Search  []string
	File    string // where the servers were found: an absolute path; "" when there are none
	// Stubs are servers that were found and are of the host itself: no guest reaches them.
	Stubs []netip.Addr
}

// resolvConf is the file that programs of the host read.
const resolvConf = "etc/resolv.conf"

// behind are the files in which a resolver that listens on the host itself keeps the servers that it asks, in the form of
// resolv.conf; the last part of a path is a pattern.
func behind() []string {
	return []string{
		"run/systemd/resolve/resolv.conf",        // systemd-resolved
		"run/NetworkManager/no-stub-resolv.conf", // NetworkManager, whatever it puts in front
		"run/dnsmasq/resolv.conf",                // dnsmasq with resolvconf
		"run/resolvconf/interface/*",             // resolvconf
		"run/resolvconf/interfaces/*",            // openresolv
		"etc/resolv.dnsmasq",                     // dnsmasq by hand
		"etc/resolv.dnsmasq.conf",                // the same
		"etc/ppp/resolv.conf",                    // pppd
		"run/connman/resolv.conf",                // ConnMan
		"etc/resolvconf/resolv.conf.d/original",  // what was there before resolvconf
		"run/netconfig/resolv.conf",              // netconfig
	}
}

// Look reads the host's resolver. Root is the host's file tree; own tells whether an address is the host's own, at which
// guests are not served.
func Look(root fs.FS, own func(netip.Addr) bool) Resolver {
	servers, search := read(root, resolvConf)
	r := Resolver{Search: search}
	if r.take(resolvConf, servers, own); r.File != "" {
		return r
	}
	for _, pattern := range behind() {
		files, err := fs.Glob(root, pattern)
		if err != nil {
			continue
		}
		for _, file := range files[:min(len(files), maxFiles)] {
			servers, search := read(root, file)
			if r.take(file, servers, own); r.File == "" {
				continue
			}
			if len(r.Search) == 0 {
				r.Search = search
			}
			return r
		}
	}
	return r
}

// take sorts servers into those that guests reach and those of the host itself.
func (r *Resolver) take(file string, servers []netip.Addr, own func(netip.Addr) bool) {
	for _, a := range servers {
		switch {
		case usable(a) && !own(a):
			if !slices.Contains(r.Servers, a) {
				r.Servers, r.File = append(r.Servers, a), path.Join("/", file)
			}
		case !slices.Contains(r.Stubs, a):
			r.Stubs = append(r.Stubs, a)
		}
	}
}

// read is what one file says; one that cannot be read says nothing.
func read(root fs.FS, name string) ([]netip.Addr, []string) {
	f, err := root.Open(name)
	if err != nil {
		return nil, nil
	}
	defer func() { _ = f.Close() }()
	return Parse(f)
}

// Parse reads a resolv.conf. What is not understood is passed over, as the resolver does, and so is the rest when it cannot
// be read.
func Parse(conf io.Reader) (servers []netip.Addr, search []string) {
	lines := bufio.NewScanner(io.LimitReader(conf, maxResolvConf))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			if a, err := netip.ParseAddr(words[1]); err == nil && len(servers) < maxFiles {
				servers = append(servers, a.Unmap())
			}
		case "search", "domain": // the last one holds
			search = nil
			for _, word := range words[1:] {
				if name := domain(word); name != "" && len(search) < maxSearch {
					search = append(search, name)
				}
			}
		}
	}
	return servers, search
}
