package network

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"

	"holm/internal/fault"
)

// What the tenants' subnets are cut from, unless the operator says otherwise.
const (
	// DefaultPool holds 256 of them.
	DefaultPool = "10.200.0.0/16"
	// poolBits is the prefix length of each.
	poolBits = 24
	// Bits6 is the prefix length of every IPv6 subnet.
	Bits6 = 64
	// maxTenants is how many /64 there are in the host's /48.
	maxTenants = 1 << 16
)

// ParsePool reads the range from which tenants' subnets are cut; a fault of kind Usage.
func ParsePool(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() || p != p.Masked() || !p.Addr().IsPrivate() || p.Bits() < 8 || p.Bits() > poolBits {
		return p, refuse("pool of addresses", text, "use a private IPv4 network of /8 to /24, such as "+DefaultPool)
	}
	if _, err := Free(p, nil); err != nil {
		return p, RefuseInner(p)
	}
	return p, nil
}

// ParseSubnet reads a subnet for instances; a fault of kind Usage.
func ParseSubnet(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, refuse("subnet", text, "write it as 10.78.0.0/24")
	}
	if err := validateSubnet(p); err != nil {
		return p, err
	}
	return p, RefuseInner(p)
}

// Free returns the first subnet of the pool that overlaps none of those that are taken, and none that is used inside
// instances; a fault of kind Refused when
// there is none.
func Free(pool netip.Prefix, taken []netip.Prefix) (netip.Prefix, error) {
	taken = append(innerTaken(), taken...)
	for addr := pool.Addr(); pool.Contains(addr); {
		candidate := netip.PrefixFrom(addr, poolBits)
		if _, clash := Overlap(candidate, taken); !clash {
			return candidate, nil
		}
		b := addr.As4()
		if b[2]++; b[2] == 0 {
			if b[1]++; b[1] == 0 {
				b[0]++
			}
		}
		addr = netip.AddrFrom4(b)
	}
	return netip.Prefix{}, fault.New(fault.Refused, "give another one: holm host set --address-pool CIDR, or holm tenant create NAME --subnet CIDR",
		"the pool of addresses %s has no free /%d", pool, poolBits)
}

// Overlap returns the first of those that are taken which shares an address with p.
func Overlap(p netip.Prefix, taken []netip.Prefix) (netip.Prefix, bool) {
	for _, t := range taken {
		if t.Bits() > 0 && t.Overlaps(p) {
			return t, true
		}
	}
	return netip.Prefix{}, false
}

// OfTenant is the network of a tenant on a host whose own is n: beside it, with names that follow from both.
func (n Network) OfTenant(tenant string, subnet netip.Prefix, subnet6 netip.Prefix) Network {
	name := n.Name + "." + tenant
	sum := sha256.Sum256([]byte(name))
	return Network{Name: name, UUID: UUID(name), Bridge: "holm-" + hex.EncodeToString(sum[:4]), Subnet: subnet, Subnet6: subnet6}
}

// Free6 returns the first /64 beside that of n which is not taken; zero where n has no IPv6.
func (n Network) Free6(taken []netip.Prefix) (netip.Prefix, error) {
	if !n.Subnet6.IsValid() {
		return netip.Prefix{}, nil
	}
	for i := range maxTenants - 1 {
		candidate := unique(n.UUID, uint16(i+1)) // #nosec G115 -- below 65536
		if _, clash := Overlap(candidate, taken); !clash {
			return candidate, nil
		}
	}
	return netip.Prefix{}, fault.New(fault.Refused, "remove a tenant: holm tenant rm NAME", "no /64 is free beside %s", n.Subnet6)
}

// unique is a /64 of unique local addresses (RFC 4193). Its 40 bits come from the UUID of the host's network, which is the
// same on every host of that name: nobody outside sees these addresses.
func unique(uuid string, number uint16) netip.Prefix {
	sum := sha256.Sum256([]byte(uuid))
	a := [16]byte{0: 0xfd}
	binary.BigEndian.PutUint16(a[6:], number)
	copy(a[1:6], sum[:5])
	return netip.PrefixFrom(netip.AddrFrom16(a), Bits6)
}
