package network

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"holm/internal/fault"
)

// maxMetadata is how many networks an operator may add.
const maxMetadata = 64

// Metadata are the addresses at which clouds answer those who ask from inside with credentials, as far as they are known. An
// operator adds those of a cloud that is missing.
func Metadata() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range []string{
		"169.254.0.0/16",         // link-local: AWS, Azure, Google, Oracle, OpenStack, Hetzner, DigitalOcean, Scaleway, …
		"100.100.100.200/32",     // Alibaba
		"168.63.129.16/32",       // Azure's WireServer
		"192.0.0.192/32",         // Oracle, as it was
		"fd00:ec2::/32",          // AWS
		"fd20:ce::/32",           // Google
		"fd00:c1::a9fe:a9fe/128", // Oracle
		"fd00:42::42/128",        // Scaleway
		"fe80::a9fe:a9fe/128",    // OpenStack
	} {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// ParseMetadata reads the operator's own: "192.0.2.254,2001:db8:fe::/48"; "" is none. A fault of kind Usage says what is wrong.
func ParseMetadata(text string) ([]netip.Prefix, error) {
	if text == "" {
		return nil, nil
	}
	var all []netip.Prefix
	for one := range strings.SplitSeq(text, ",") {
		p, err := parseNet(one)
		if err != nil || p.Bits() < 8 || p != p.Masked() {
			return nil, refuse("address of metadata", one, "use addresses and networks of /8 and smaller, such as 192.0.2.254,2001:db8:fe::/48")
		}
		all = append(all, p)
	}
	if len(all) > maxMetadata {
		return nil, fault.New(fault.Usage, "name wider ones", "%d networks of metadata are too many: use at most %d", len(all), maxMetadata)
	}
	return all, nil
}

// metadata are all that the network is kept from, by family, without one that another holds. IPv4 that a translator maps into IPv6
// (NAT64, RFC 6052) is the same address.
func (n Network) metadata() (v4, v6 []netip.Prefix) {
	for _, p := range append(Metadata(), n.Metadata...) {
		if !p.Addr().Is4() {
			v6 = append(v6, p)
			continue
		}
		v4, v6 = append(v4, p), append(v6, mapped(p))
	}
	return widest(v4), widest(v6)
}

// mapped is an IPv4 network behind the well-known prefix 64:ff9b::/96.
func mapped(p netip.Prefix) netip.Prefix {
	const bits = 96
	a := [16]byte{1: 0x64, 2: 0xff, 3: 0x9b}
	four := p.Addr().As4()
	binary.BigEndian.PutUint32(a[12:], binary.BigEndian.Uint32(four[:]))
	return netip.PrefixFrom(netip.AddrFrom16(a), bits+p.Bits())
}

// widest leaves out networks that lie within others, and sorts.
func widest(all []netip.Prefix) []netip.Prefix {
	slices.SortFunc(all, func(a, b netip.Prefix) int {
		if a.Bits() != b.Bits() {
			return a.Bits() - b.Bits()
		}
		return a.Addr().Compare(b.Addr())
	})
	var kept []netip.Prefix
	for _, p := range all {
		if _, within := Overlap(p, kept); !within {
			kept = append(kept, p)
		}
	}
	slices.SortFunc(kept, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	return kept
}
