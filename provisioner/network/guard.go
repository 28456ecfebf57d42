package network

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"

	"libvirt.org/go/libvirtxml"
)

// The variables of the filter that holm's interfaces bind. IP is libvirt's own word; the others are ours.
const (
	VarAddress   = "IP"
	VarAddress6  = "IP6"
	VarLinkLocal = "LINKLOCAL"
)

// Guard returns libvirt's filter that every interface of an instance has, and its name. It lets a guest send frames from its
// own hardware address only, and of those ARP, IPv4 and IPv6 only from its own addresses, which are given and never
// learnt. It does not let a guest be a router or a DHCP server, and what is neither (VLAN tags, spanning tree, RARP) goes
// nowhere. It keeps frames for other instances from the guest: a bridge that has forgotten where one is floods.
//
// The name has a digest of what the filter says, so that a later holm adds another one instead of changing this under guests
// that run, and ends in one of the state directory: each has a filter of its own, and removes nobody else's.
func Guard(state string) (name, xml string, err error) {
	text, err := guard("").Marshal()
	if err != nil {
		return "", "", fmt.Errorf("render the network filter: %w", err)
	}
	sum := sha256.Sum256([]byte(text))
	owner := sha256.Sum256([]byte(state))
	name = "holm-guard-" + hex.EncodeToString(sum[:4]) + "-" + hex.EncodeToString(owner[:6])
	if xml, err = guard(name).Marshal(); err != nil {
		return "", "", fmt.Errorf("render the network filter: %w", err)
	}
	return name, xml, nil
}

func guard(name string) *libvirtxml.NWFilter {
	f := &libvirtxml.NWFilter{Name: name, UUID: UUID(name), Chain: "root"}
	add := func(r libvirtxml.NWFilterRule) {
		r.Priority = 10 * (len(f.Entries) + 1) // 0 would be libvirt's own choice, 500
		f.Entries = append(f.Entries, libvirtxml.NWFilterEntry{Rule: &r})
	}
	const accept, drop, out, in = "accept", "drop", "out", "in"
	own := variable("MAC")
	from := func(action, name string) {
		add(libvirtxml.NWFilterRule{Action: action, Direction: out, IPv6: &libvirtxml.NWFilterRuleIPv6{SrcIPAddr: variable(name)}})
	}
	add(libvirtxml.NWFilterRule{Action: drop, Direction: out, MAC: &libvirtxml.NWFilterRuleMAC{
		Match: "no", NWFilterRuleCommonMAC: libvirtxml.NWFilterRuleCommonMAC{SrcMACAddr: own},
	}})
	add(libvirtxml.NWFilterRule{Action: accept, Direction: out, ARP: &libvirtxml.NWFilterRuleARP{
		ARPSrcMACAddr: own, ARPSrcIPAddr: variable(VarAddress),
	}})
	add(libvirtxml.NWFilterRule{Action: drop, Direction: out, IP: &libvirtxml.NWFilterRuleIP{
		Protocol: word("udp"), NWFilterRuleCommonPort: libvirtxml.NWFilterRuleCommonPort{SrcPortStart: number(67), SrcPortEnd: number(67)},
	}})
	add(libvirtxml.NWFilterRule{Action: accept, Direction: out, IP: &libvirtxml.NWFilterRuleIP{
		SrcIPAddr: variable(VarAddress),
	}})
	for _, kind := range []uint{134, 137} { // router advertisement, redirect
		add(libvirtxml.NWFilterRule{
			Action: drop, Direction: out,
			IPv6: &libvirtxml.NWFilterRuleIPv6{Protocol: word("icmpv6"), Type: number(kind), TypeEnd: number(kind)},
		})
	}
	add(libvirtxml.NWFilterRule{Action: drop, Direction: out, IPv6: &libvirtxml.NWFilterRuleIPv6{
		Protocol: word("udp"), NWFilterRuleCommonPort: libvirtxml.NWFilterRuleCommonPort{SrcPortStart: number(547), SrcPortEnd: number(547)},
	}})
	from(accept, VarAddress6)
	from(accept, VarLinkLocal)
	add(libvirtxml.NWFilterRule{Action: drop, Direction: out, MAC: &libvirtxml.NWFilterRuleMAC{}})
	add(libvirtxml.NWFilterRule{Action: accept, Direction: in, MAC: &libvirtxml.NWFilterRuleMAC{
		NWFilterRuleCommonMAC: libvirtxml.NWFilterRuleCommonMAC{DstMACAddr: own},
	}})
	add(libvirtxml.NWFilterRule{Action: drop, Direction: in, MAC: &libvirtxml.NWFilterRuleMAC{
		NWFilterRuleCommonMAC: libvirtxml.NWFilterRuleCommonMAC{DstMACAddr: word("52:54:00:00:00:00"), DstMACMask: word("ff:ff:ff:00:00:00")},
	}})
	return f
}

// variable is written as a word: libvirtxml forgets the name of what it knows as a variable.
func variable(name string) libvirtxml.NWFilterField { return word("$" + name) }

func word(s string) libvirtxml.NWFilterField { return libvirtxml.NWFilterField{Str: s} }
func number(n uint) libvirtxml.NWFilterField { return libvirtxml.NWFilterField{Uint: &n} }

// LinkLocal is the IPv6 address that every interface with this hardware address has (RFC 4291, appendix A).
func LinkLocal(mac string) (netip.Addr, error) {
	hw, err := net.ParseMAC(mac)
	if err != nil || len(hw) != 6 {
		return netip.Addr{}, refuse("MAC address", mac, "write it as 52:54:00:12:34:56")
	}
	a := [16]byte{0: 0xfe, 1: 0x80, 8: hw[0] ^ 2, 9: hw[1], 10: hw[2], 11: 0xff, 12: 0xfe, 13: hw[3], 14: hw[4], 15: hw[5]}
	return netip.AddrFrom16(a), nil
}
