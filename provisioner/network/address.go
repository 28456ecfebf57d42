package network

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"

	"holm/internal/fault"
)

const (
	// firstHost leaves .1 to the host and the others to whatever the operator puts on the bridge.
	firstHost = 10
	// maxBits is the longest prefix that has an address from firstHost up besides its broadcast address.
	maxBits = 28
)

// Allocate returns the lowest free address of the subnet, counted from its tenth; a fault of kind Refused when there
// is none. It looks at what is taken and at nothing else, so the caller decides under which lock.
func Allocate(subnet netip.Prefix, taken []netip.Addr) (netip.Addr, error) {
	if err := validateSubnet(subnet); err != nil {
		return netip.Addr{}, err
	}
	used := make(map[netip.Addr]bool, len(taken))
	for _, a := range taken {
		used[a.Unmap()] = true
	}
	addr := subnet.Addr()
	for range firstHost {
		addr = addr.Next()
	}
	// The last address of a subnet is its broadcast address: the next one lies outside.
	for ; subnet.Contains(addr.Next()); addr = addr.Next() {
		if !used[addr] {
			return addr, nil
		}
	}
	return netip.Addr{}, fault.New(fault.AddressesExhausted, "remove an instance: holm rm NAME",
		"subnet %s has no free address", fault.Network(subnet.String()))
}

// Address6 is the IPv6 address of who has the IPv4 address a: its number in the one subnet is that in the other. Zero
// where there is no IPv6.
func (n Network) Address6(a netip.Addr) netip.Addr {
	if !n.Subnet6.IsValid() || !n.Subnet.Contains(a) {
		return netip.Addr{}
	}
	full := n.Subnet6.Masked().Addr().As16()
	whole, first := a.As4(), n.Subnet.Masked().Addr().As4()
	number := binary.BigEndian.Uint32(whole[:]) - binary.BigEndian.Uint32(first[:])
	binary.BigEndian.PutUint32(full[12:], number)
	return netip.AddrFrom16(full)
}

// MAC makes a hardware address within QEMU's prefix from three bytes of rand. It is random and not counted, so that
// two hosts on one wire are unlikely to make the same; it is none of those that are taken.
func MAC(rand io.Reader, taken map[string]bool) (string, error) {
	mac := net.HardwareAddr{0x52, 0x54, 0x00, 0, 0, 0}
	for {
		if _, err := io.ReadFull(rand, mac[3:]); err != nil {
			return "", fmt.Errorf("read random bytes for a MAC address: %w", err)
		}
		if !taken[mac.String()] {
			return mac.String(), nil
		}
	}
}
