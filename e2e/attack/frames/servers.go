package frames

import (
	"net"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// DHCPOffer offers an address, from a server's port, with from as the way out and the name server.
func DHCPOffer(from, to, offered Party, mark []byte) []byte {
	kind, ip := network(from, to, layers.IPProtocolUDP)
	router := from.IP.AsSlice()
	return between(from, to).with(kind, ip, datagram(ip, 67, 68), &layers.DHCPv4{
		Operation: layers.DHCPOpReply, HardwareType: layers.LinkTypeEthernet, HardwareLen: 6, Xid: 1,
		YourClientIP: offered.IP.AsSlice(), ClientIP: net.IPv4zero, NextServerIP: router, RelayAgentIP: net.IPv4zero, ClientHWAddr: offered.MAC,
		Options: layers.DHCPOptions{
			layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{byte(layers.DHCPMsgTypeOffer)}),
			layers.NewDHCPOption(layers.DHCPOptServerID, router),
			layers.NewDHCPOption(layers.DHCPOptRouter, router),
			layers.NewDHCPOption(layers.DHCPOptDNS, router),
			layers.NewDHCPOption(layers.DHCPOptVendorOption, mark),
		},
	}).bytes()
}

// DHCP6Advertise is the same for IPv6.
func DHCP6Advertise(from, to Party, mark []byte) []byte {
	kind, ip := network(from, to, layers.IPProtocolUDP)
	return between(from, to).with(kind, ip, datagram(ip, 547, 546), &layers.DHCPv6{
		MsgType: layers.DHCPv6MsgTypeAdvertise, TransactionID: []byte{0, 0, 1},
		Options: layers.DHCPv6Options{
			layers.NewDHCPv6Option(layers.DHCPv6OptServerID, mark),
			layers.NewDHCPv6Option(layers.DHCPv6OptDNSServers, from.IP.AsSlice()),
		},
	}).bytes()
}

// control is an ICMPv6 message.
func control(from, to Party, kind uint8, message ...gopacket.SerializableLayer) []byte {
	ethernet, ip := network(from, to, layers.IPProtocolICMPv6)
	return between(from, to).with(ethernet, ip).with(ethernet, icmp6(ip, kind)).with(ethernet, message...).bytes()
}

func icmp6(ip addressed, kind uint8) *layers.ICMPv6 {
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(kind, 0)}
	if err := icmp.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err) // an IP header always is one
	}
	return icmp
}

func payload(b []byte) gopacket.Payload { return gopacket.Payload(b) }
