// Package frames makes the frames of the table of attacks, from typed layers: good ones, and those that claim what is not
// so. All carry a mark: in what a packet carries, or, where it carries nothing, as ARP does not, behind it.
package frames

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Party is one end of a frame: who somebody is, or claims to be.
type Party struct {
	MAC net.HardwareAddr
	IP  netip.Addr
}

// Broadcast is everybody on the wire, by IPv4.
func Broadcast() Party {
	return Party{MAC: layers.EthernetBroadcast, IP: netip.AddrFrom4([4]byte{255, 255, 255, 255})}
}

// AllNodes is everybody on the wire, by IPv6.
func AllNodes() Party {
	return Party{MAC: net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1}, IP: netip.IPv6LinkLocalAllNodes()}
}

// maker keeps what a call of the library makes, so that a frame reads as a list of its layers.
type maker struct {
	ethernet *layers.Ethernet
	stack    []gopacket.SerializableLayer
}

// between begins a frame with the two hardware addresses.
func between(from, to Party) *maker {
	m := &maker{ethernet: &layers.Ethernet{SrcMAC: from.MAC, DstMAC: to.MAC}}
	m.stack = []gopacket.SerializableLayer{m.ethernet}
	return m
}

func (m *maker) with(kind layers.EthernetType, more ...gopacket.SerializableLayer) *maker {
	m.ethernet.EthernetType = kind
	m.stack = append(m.stack, more...)
	return m
}

// bytes is the frame. A frame is made of values of this program alone, so one that cannot be made is its mistake.
func (m *maker) bytes() []byte { return join(m.stack...) }

// join writes layers down, with their lengths and checksums.
func join(stack ...gopacket.SerializableLayer) []byte {
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, stack...); err != nil {
		panic(fmt.Sprintf("a frame that cannot be made: %v", err))
	}
	return b.Bytes()
}

// network is the header between the two addresses, of their family.
func network(from, to Party, protocol layers.IPProtocol) (layers.EthernetType, addressed) {
	if to.IP.Is4() {
		return layers.EthernetTypeIPv4,
			&layers.IPv4{Version: 4, TTL: 64, Id: 1, Protocol: protocol, SrcIP: from.IP.AsSlice(), DstIP: to.IP.AsSlice()}
	}
	// 255 is what neighbour discovery asks for, and nothing else minds.
	return layers.EthernetTypeIPv6,
		&layers.IPv6{Version: 6, HopLimit: 255, NextHeader: protocol, SrcIP: from.IP.AsSlice(), DstIP: to.IP.AsSlice()}
}

// addressed is a header that the checksums of those above it include.
type addressed interface {
	gopacket.SerializableLayer
	gopacket.NetworkLayer
}

// datagram is a UDP datagram's header above an IP header.
func datagram(ip addressed, from, to uint16) *layers.UDP {
	udp := &layers.UDP{SrcPort: layers.UDPPort(from), DstPort: layers.UDPPort(to)}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err) // an IP header always is one
	}
	return udp
}

// anyPort is where datagrams come from when it does not matter.
const anyPort = 40000

// UDP is a datagram, by the family of the receiver's address.
func UDP(from, to Party, port uint16, mark []byte) []byte {
	kind, ip := network(from, to, layers.IPProtocolUDP)
	return between(from, to).with(kind, ip, datagram(ip, anyPort, port), gopacket.Payload(mark)).bytes()
}

// Unreachable is the word that nobody listens where a datagram was for that, it is said, somebody else has sent: it quotes its
// beginning, as UDP makes it.
func Unreachable(from, to Party, sender, receiver netip.Addr, port uint16, mark []byte) []byte {
	_, ip := network(Party{IP: sender}, Party{IP: receiver}, layers.IPProtocolUDP)
	quote := join(ip, datagram(ip, anyPort, port), gopacket.Payload(mark))
	if to.IP.Is4() {
		kind, outer := network(from, to, layers.IPProtocolICMPv4)
		word := layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodePort)
		return between(from, to).with(kind, outer, &layers.ICMPv4{TypeCode: word}, gopacket.Payload(quote)).bytes()
	}
	const portUnreachable = 4
	kind, outer := network(from, to, layers.IPProtocolICMPv6)
	word := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeDestinationUnreachable, portUnreachable)}
	if err := word.SetNetworkLayerForChecksum(outer); err != nil {
		panic(err) // an IP header always is one
	}
	return between(from, to).with(kind, outer, word, gopacket.Payload(append(make([]byte, 4), quote...))).bytes()
}

// SYN is the first packet of a TCP connection.
func SYN(from, to Party, port uint16, mark []byte) []byte {
	kind, ip := network(from, to, layers.IPProtocolTCP)
	tcp := &layers.TCP{SrcPort: anyPort, DstPort: layers.TCPPort(port), Seq: 1, SYN: true, Window: 64240}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err) // an IP header always is one
	}
	return between(from, to).with(kind, ip, tcp, gopacket.Payload(mark)).bytes()
}

// Strange is a frame of a kind that nobody asked for.
func Strange(from, to Party, kind uint16, mark []byte) []byte {
	return between(from, to).with(layers.EthernetType(kind), gopacket.Payload(append(make([]byte, 46), mark...))).bytes()
}
