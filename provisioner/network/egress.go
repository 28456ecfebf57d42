package network

import (
	"net/netip"
	"slices"
	"strings"

	"holm/internal/fault"
)

// maxEgress is how many networks may be named.
const maxEgress = 64

// Egress is whom the instances of a network may speak to outside of it. The zero value is everybody.
type Egress struct {
	Closed bool           // nobody but Only
	Only   []netip.Prefix // sorted
}

// ParseEgress reads "allow", "deny", or a list of networks and addresses: "10.0.0.0/8,192.0.2.1,2001:db8::/32". A fault of
// kind Usage says what is wrong with another text.
func ParseEgress(text string) (Egress, error) {
	switch text {
	case "", "allow":
		return Egress{}, nil
	case "deny":
		return Egress{Closed: true}, nil
	}
	e := Egress{Closed: true}
	for one := range strings.SplitSeq(text, ",") {
		prefix, err := parseNet(one)
		if err != nil || !prefix.IsValid() {
			return e, refuse("egress", one, `use "allow", "deny" or networks such as 192.0.2.0/24,2001:db8::/32`)
		}
		if prefix != prefix.Masked() {
			return e, fault.New(fault.Usage, "write the network as "+prefix.Masked().String(), "egress %q is an address in a network", one)
		}
		e.Only = append(e.Only, prefix)
	}
	slices.SortFunc(e.Only, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	e.Only = slices.Compact(e.Only)
	return e, e.validate()
}

// parseNet reads a network, or an address as one that has only it.
func parseNet(text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err == nil {
		return prefix, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

// String is how ParseEgress reads it.
func (e Egress) String() string {
	switch {
	case !e.Closed:
		return "allow"
	case len(e.Only) == 0:
		return "deny"
	}
	words := make([]string, len(e.Only))
	for i, p := range e.Only {
		words[i] = p.String()
	}
	return strings.Join(words, ",")
}

func (e Egress) validate() error {
	if len(e.Only) > maxEgress {
		return fault.New(fault.Usage, "name wider ones", "%d networks are too many for egress: use at most %d", len(e.Only), maxEgress)
	}
	for i, p := range e.Only {
		for _, q := range e.Only[:i] {
			if p.Overlaps(q) {
				return fault.New(fault.Usage, "name the wider one alone", "egress: %s and %s overlap", q, p)
			}
		}
	}
	return nil
}
