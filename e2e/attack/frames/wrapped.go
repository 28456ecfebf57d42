package frames

import (
	"net"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Tagged wraps a frame into VLAN tags, the outermost first: 802.1ad outside, when there are two, and 802.1Q.
func Tagged(frame []byte, ids ...uint16) []byte {
	const addresses, kind = 12, 2
	inner := layers.EthernetType(uint16(frame[addresses])<<8 | uint16(frame[addresses+1]))
	m := &maker{ethernet: &layers.Ethernet{DstMAC: frame[:6], SrcMAC: frame[6:addresses], EthernetType: layers.EthernetTypeDot1Q}}
	m.stack = []gopacket.SerializableLayer{m.ethernet}
	if len(ids) > 1 {
		m.ethernet.EthernetType = layers.EthernetTypeQinQ
	}
	for i, id := range ids {
		tag := &layers.Dot1Q{VLANIdentifier: id, Type: layers.EthernetTypeDot1Q}
		if i == len(ids)-1 {
			tag.Type = inner
		}
		m.stack = append(m.stack, tag)
	}
	m.stack = append(m.stack, gopacket.Payload(frame[addresses+kind:]))
	return m.bytes()
}

// fragment sizes are counted in eights.
const eight = 8

// Fragments is a datagram in two fragments, the first as small as can be: eight bytes, the UDP header alone.
func Fragments(from, to Party, port uint16, id uint32, mark []byte) [][]byte {
	_, ip := network(from, to, layers.IPProtocolUDP)
	whole := join(datagram(ip, anyPort, port), payload(padded(mark)))
	return [][]byte{
		fragment(from, to, layers.IPProtocolUDP, id, 0, true, whole[:eight]),
		fragment(from, to, layers.IPProtocolUDP, id, 1, false, whole[eight:]),
	}
}

// Overlapping is a datagram to a harmless port, of which a later fragment goes over the header and says another port.
func Overlapping(from, to Party, harmless, port uint16, id uint32, mark []byte) [][]byte {
	_, ip := network(from, to, layers.IPProtocolUDP)
	shown := join(datagram(ip, anyPort, harmless), payload(padded(mark)))
	meant := join(datagram(ip, anyPort, port), payload(padded(mark)))
	return [][]byte{
		fragment(from, to, layers.IPProtocolUDP, id, 0, true, shown[:2*eight]),
		fragment(from, to, layers.IPProtocolUDP, id, 0, true, meant[:2*eight]),
		fragment(from, to, layers.IPProtocolUDP, id, 2, false, meant[2*eight:]),
	}
}

// padded keeps the fragments after the header a multiple of eight.
func padded(mark []byte) []byte { return append(make([]byte, eight), mark...) }

// fragment is one fragment of a packet, at an offset counted in eights.
func fragment(from, to Party, protocol layers.IPProtocol, id uint32, offset uint16, more bool, part []byte) []byte {
	kind, ip := network(from, to, protocol)
	if ip4, ok := ip.(*layers.IPv4); ok {
		ip4.Id, ip4.FragOffset = uint16(id), offset //nolint:gosec // the lower half is enough
		if more {
			ip4.Flags = layers.IPv4MoreFragments
		}
		return between(from, to).with(kind, ip, payload(part)).bytes()
	}
	ip.(*layers.IPv6).NextHeader = layers.IPProtocolIPv6Fragment //nolint:forcetypeassert // its kind says so
	head := &layers.IPv6Fragment{NextHeader: protocol, FragmentOffset: offset, MoreFragments: more, Identification: id}
	return between(from, to).with(kind, ip, head, payload(part)).bytes()
}

// HiddenRouterAdvertisement is a router advertisement behind a header of options, where a filter that reads only the
// first header does not see it.
func HiddenRouterAdvertisement(from, to Party, mark []byte) []byte {
	kind, ip := network(from, to, layers.IPProtocolICMPv6)
	message := join(icmp6(ip, layers.ICMPv6TypeRouterAdvertisement), advertisement(from, mark))
	ip.(*layers.IPv6).NextHeader = layers.IPProtocolIPv6Destination //nolint:forcetypeassert // its kind says so
	return between(from, to).with(kind, ip, payload(append(noOptions(), message...))).bytes()
}

// FragmentedRouterAdvertisement is one behind a header of options, in two fragments that are cut at so many bytes, a
// multiple of eight: cut at eight, the first is the header of options alone, and only the second says what it is.
func FragmentedRouterAdvertisement(from, to Party, cut int, id uint32, mark []byte) [][]byte {
	_, ip := network(from, to, layers.IPProtocolICMPv6)
	whole := append(noOptions(), join(icmp6(ip, layers.ICMPv6TypeRouterAdvertisement), advertisement(from, mark))...)
	return [][]byte{
		fragment(from, to, layers.IPProtocolIPv6Destination, id, 0, true, whole[:cut]),
		fragment(from, to, layers.IPProtocolIPv6Destination, id, uint16(cut/eight), false, whole[cut:]), //nolint:gosec // a few bytes
	}
}

// noOptions is a header of options before an ICMPv6 message: what follows, its length in eights beyond the first, and an
// option that fills the rest.
func noOptions() []byte { return []byte{byte(layers.IPProtocolICMPv6), 0, 1, 4, 0, 0, 0, 0} }

// Anybody is a hardware address of the n-th of many that nobody has: locally administered.
func Anybody(n int) net.HardwareAddr {
	return net.HardwareAddr{0x06, 0, 0, byte(n >> 16), byte(n >> 8), byte(n)} //nolint:gosec // the bytes of a number
}
