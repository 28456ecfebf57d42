package frames

import (
	"net"
	"net/netip"

	"github.com/gopacket/gopacket/layers"
)

// ARPReply says that an address is at a hardware address. Who sends it is one thing, what it says another.
func ARPReply(from, to Party, says Party, mark []byte) []byte {
	return arp(layers.ARPReply, from, to, says, mark)
}

// ARPRequest asks for to, and by the way says where says is: who hears it takes note.
func ARPRequest(from, to Party, says Party, mark []byte) []byte {
	return arp(layers.ARPRequest, from, to, says, mark)
}

func arp(op uint16, from, to, says Party, mark []byte) []byte {
	frame := between(from, to).with(layers.EthernetTypeARP, &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: op,
		SourceHwAddress: says.MAC, SourceProtAddress: says.IP.AsSlice(), DstHwAddress: to.MAC, DstProtAddress: to.IP.AsSlice(),
	}).bytes()
	const header, packet = 14, 28
	return append(frame[:header+packet], mark...)
}

// neighbour flags of RFC 4861.
const (
	fromRouter = 0x80
	override   = 0x20
)

// NeighbourAdvertisement says that an address is at a hardware address, and that this overrides what was known.
func NeighbourAdvertisement(from, to, says Party, mark []byte) []byte {
	return control(from, to, layers.ICMPv6TypeNeighborAdvertisement, &layers.ICMPv6NeighborAdvertisement{
		Flags: fromRouter | override, TargetAddress: says.IP.AsSlice(),
		Options: layers.ICMPv6Options{{Type: layers.ICMPv6OptTargetAddress, Data: says.MAC}, marked(mark)},
	})
}

// NeighbourSolicitation asks for to, and by the way says where from is.
func NeighbourSolicitation(from, to Party, mark []byte) []byte {
	return control(from, to, layers.ICMPv6TypeNeighborSolicitation, &layers.ICMPv6NeighborSolicitation{
		TargetAddress: to.IP.AsSlice(),
		Options:       layers.ICMPv6Options{{Type: layers.ICMPv6OptSourceAddress, Data: from.MAC}, marked(mark)},
	})
}

// RouterAdvertisement says that from is the way out.
func RouterAdvertisement(from, to Party, mark []byte) []byte {
	return control(from, to, layers.ICMPv6TypeRouterAdvertisement, advertisement(from, mark))
}

// advertisement is one of a router that goes away at once: who believes it does not stay broken.
func advertisement(from Party, mark []byte) *layers.ICMPv6RouterAdvertisement {
	return &layers.ICMPv6RouterAdvertisement{
		HopLimit: 64, RouterLifetime: 1,
		Options: layers.ICMPv6Options{{Type: layers.ICMPv6OptSourceAddress, Data: from.MAC}, marked(mark)},
	}
}

// nonce is the option of RFC 3971 in which a mark travels: behind the packet it would not last, because a bridge that
// looks into packets cuts what their headers do not count.
const nonce layers.ICMPv6Opt = 14

// marked is a mark as an option, which with its own two bytes has to fill eights.
func marked(mark []byte) layers.ICMPv6Option {
	const fill = 6
	return layers.ICMPv6Option{Type: nonce, Data: append(make([]byte, fill), mark...)}
}

// Redirect is the gateway's advice to send what goes to an address by somebody else: ICMP type 5.
func Redirect(from, to Party, by, target netip.Addr, mark []byte) []byte {
	kind, ip := network(from, to, layers.IPProtocolICMPv4)
	// What the victim is said to have sent.
	_, told := network(to, Party{IP: target}, layers.IPProtocolUDP)
	sent := join(told, datagram(told, anyPort, 53), payload(mark))
	icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeRedirect, layers.ICMPv4CodeHost)}
	gateway := by.As4()
	icmp.Id, icmp.Seq = uint16(gateway[0])<<8|uint16(gateway[1]), uint16(gateway[2])<<8|uint16(gateway[3])
	return between(from, to).with(kind, ip, icmp, payload(sent)).bytes()
}

// Redirect6 is the same in IPv6: type 137.
func Redirect6(from, to Party, by, target netip.Addr, mark []byte) []byte {
	return control(from, to, layers.ICMPv6TypeRedirect, &layers.ICMPv6Redirect{
		TargetAddress: by.AsSlice(), DestinationAddress: target.AsSlice(), Options: layers.ICMPv6Options{marked(mark)},
	})
}

// RootBridge says that from is the root of the spanning tree, and that the topology has changed.
func RootBridge(from Party, mark []byte) []byte {
	bridges := Party{MAC: net.HardwareAddr{0x01, 0x80, 0xc2, 0, 0, 0}}
	id := layers.STPSwitchID{HwAddr: from.MAC}
	return append(between(from, bridges).with(layers.EthernetTypeLLC,
		&layers.LLC{DSAP: 0x42, SSAP: 0x42, Control: 3},
		&layers.STP{TC: true, RouteID: id, BridgeID: id, PortID: 0x8001, MaxAge: 20 << 8, HelloTime: 2 << 8},
	).bytes(), mark...)
}
