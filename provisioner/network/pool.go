package network

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"

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

// PoolOf is the range that was set, or holm's own where none was.
func PoolOf(set netip.Prefix) netip.Prefix {
	if set.IsValid() {
		return set
	}
	return netip.MustParsePrefix(DefaultPool)
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
	return netip.Prefix{}, fault.New(fault.AddressesExhausted,
		"give another one: holm host set --address-pool CIDR, or holm tenant create NAME --subnet CIDR",
		"the pool of addresses %s has no free /%d", fault.Network(pool.String()), poolBits)
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

// OfTenant is the network of a tenant on a host whose own is n: beside it, with a name that follows from both. No network of a
// host has a dot in its name, so no two have the same. bridge is the one on record; "" is that of a tenant from before bridges were
// on record, which followed from the name, in so few bits that another's may have it.
func (n Network) OfTenant(tenant, bridge string, subnet, subnet6 netip.Prefix) Network {
	name := n.Name + "." + tenant
	if bridge == "" {
		sum := sha256.Sum256([]byte(name))
		bridge = bridgePrefix + hex.EncodeToString(sum[:bridgeBytes])
	}
	n.Name, n.UUID, n.Beside, n.Bridge, n.Subnet, n.Subnet6 = name, UUID(name), n.Bridge, bridge, subnet, subnet6
	return n
}

// Clashes tells whether two networks share a name, a bridge or an address: they cannot both be.
func (n Network) Clashes(o Network) bool {
	return n.Name == o.Name || n.UUID == o.UUID || n.Bridge == o.Bridge || n.Subnet.Overlaps(o.Subnet) ||
		n.Subnet6.IsValid() && o.Subnet6.IsValid() && n.Subnet6.Overlaps(o.Subnet6)
}

// What the bridges of tenants are named: no network of a host has such a name.
const (
	bridgePrefix = "holm-"
	bridgeBytes  = 4
)

var tenantBridge = regexp.MustCompile(`^` + bridgePrefix + `[0-9a-f]{8}$`)

// FreeBridge makes a name for the bridge of a tenant which is none of those that are taken. It is random: nobody can choose a
// tenant's name so that its bridge is another's, in this state directory or in the next.
func FreeBridge(rand io.Reader, taken []string) (string, error) {
	for {
		b := make([]byte, bridgeBytes)
		if _, err := io.ReadFull(rand, b); err != nil {
			return "", fmt.Errorf("read random bytes for the name of a bridge: %w", err)
		}
		if name := bridgePrefix + hex.EncodeToString(b); !slices.Contains(taken, name) {
			return name, nil
		}
	}
}

// RefuseTenants refuses a name for a host's network that a tenant's bridge may have; a fault of kind Usage.
func RefuseTenants(name string) error {
	if !tenantBridge.MatchString(name) {
		return nil
	}
	return refuse("network name", name, "the bridges of tenants are named like that")
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
	return netip.Prefix{}, fault.New(fault.AddressesExhausted, "remove a tenant: holm tenant rm NAME",
		"no /64 is free beside %s", fault.Network(n.Subnet6.String()))
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
