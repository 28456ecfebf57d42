// Package network is where instances live: the libvirt network as holm makes it, and the addresses in it, which are
// allocated here and never learnt from a guest.
package network

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/netip"
	"regexp"

	"github.com/google/uuid"
	"libvirt.org/go/libvirtxml"

	"holm/internal/fault"
)

// MetadataNS is the namespace of the element by which a network says that it is holm's.
const MetadataNS = "https://holm.invalid/xmlns/network/1"

// Network is one libvirt network: a bridge, and a way to the world that holm's own rules open (rules.go).
type Network struct {
	Name    string
	UUID    string
	Bridge  string // at most 15 characters, as for every interface of the kernel
	Subnet  netip.Prefix
	Subnet6 netip.Prefix // a /64 of unique local addresses; zero where there is no IPv6
	State   string       // the state directory whose it is; "" is not said

	Internal bool   // its instances may speak to each other
	Egress   Egress // whom they may speak to outside

	Beside   string         // the bridge of the host's own network; "" is this one
	Metadata []netip.Prefix // where credentials are answered with, besides what every network is kept from
	Flows    int            // how many connections the host follows for it; 0 is the most
}

var (
	namePattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	bridgePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,14}$`)
	uuidPattern   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// Default is the network that instances get when nobody asks for another.
func Default() Network {
	const name = "holm-default"
	uuid := UUID(name)
	return Network{Name: name, UUID: uuid, Bridge: "holm0", Subnet: netip.MustParsePrefix("10.77.0.0/24"), Subnet6: unique(uuid, 0)}
}

// Named is a network with a name and a subnet of the operator's choice; its bridge has its name. It is a fault of kind
// Usage when they cannot be had.
func Named(name, subnet string) (Network, error) {
	prefix, err := netip.ParsePrefix(subnet)
	if err != nil {
		return Network{}, refuse("subnet", subnet, "write it as 10.77.0.0/24")
	}
	return Recorded(name, prefix)
}

// Recorded is the network that was named so.
func Recorded(name string, subnet netip.Prefix) (Network, error) {
	n := Network{Name: name, UUID: UUID(name), Bridge: name, Subnet: subnet}
	n.Subnet6 = unique(n.UUID, 0)
	return n, n.validate()
}

// UUID is that of the network of this name: the same on every host and in every run, so that holm's own network is
// told from another of the same name without a record.
func UUID(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(MetadataNS+"#"+name)).String()
}

// Gateway is the host's address in the network: the first of the subnet.
func (n Network) Gateway() netip.Addr {
	return n.Subnet.Masked().Addr().Next()
}

// Gateway6 is the host's IPv6 address in the network; zero where there is none.
func (n Network) Gateway6() netip.Addr {
	if !n.Subnet6.IsValid() {
		return netip.Addr{}
	}
	return n.Subnet6.Masked().Addr().Next()
}

// XML validates n and renders it. There is no DHCP and no DNS, so libvirt starts no dnsmasq: one program less that
// listens to guests, and no lease that one tenant could take from another. Libvirt routes, and lets everybody in: who may
// come in and go out, and under which address, holm's own rules say.
func (n Network) XML() (string, error) {
	if err := n.validate(); err != nil {
		return "", err
	}
	meta, err := xml.Marshal(owner{NS: MetadataNS, Name: n.Name, State: n.State})
	if err != nil {
		return "", fmt.Errorf("render the metadata of network %q: %w", n.Name, err)
	}
	text, err := n.typed(string(meta)).Marshal()
	if err != nil {
		return "", fmt.Errorf("render network %q: %w", n.Name, err)
	}
	var parsed libvirtxml.Network
	if err := parsed.Unmarshal(text); err != nil {
		return "", fmt.Errorf("parse network %q back: %w", n.Name, err)
	}
	if again, err := parsed.Marshal(); err != nil || again != text {
		return "", fault.New(fault.Failure, "", "network %q is not what it was rendered from", n.Name)
	}
	return text, nil
}

func (n Network) typed(meta string) *libvirtxml.Network {
	xml := &libvirtxml.Network{
		Name:     n.Name,
		UUID:     n.UUID,
		Metadata: &libvirtxml.NetworkMetadata{XML: meta},
		Forward:  &libvirtxml.NetworkForward{Mode: "route"},
		Bridge:   &libvirtxml.NetworkBridge{Name: n.Bridge, STP: "off", Delay: "0"},
		DNS:      &libvirtxml.NetworkDNS{Enable: "no"},
		IPs: []libvirtxml.NetworkIP{{
			Address: n.Gateway().String(),
			Prefix:  uint(n.Subnet.Bits()),
		}},
	}
	if !n.Internal {
		xml.PortOptions = &libvirtxml.NetworkPortOptions{Isolated: "yes"}
	}
	if n.Subnet6.IsValid() {
		xml.IPs = append(xml.IPs, libvirtxml.NetworkIP{Family: "ipv6", Address: n.Gateway6().String(), Prefix: uint(n.Subnet6.Bits())})
	}
	return xml
}

// owner is holm's element in a network's metadata.
type owner struct {
	XMLName xml.Name `xml:"holm:network"`
	NS      string   `xml:"xmlns:holm,attr"`
	Name    string   `xml:"holm:name"`
	State   string   `xml:"holm:state,omitempty"`
}

// Owner is what a network's metadata say of who made it.
type Owner struct {
	Holm  bool   // a holm did
	State string // its state directory; "" when it was an older holm, which did not say
}

// OwnerOf reads a network's metadata.
func OwnerOf(metadata string) Owner {
	var got struct {
		Networks []struct {
			State string `xml:"https://holm.invalid/xmlns/network/1 state"`
		} `xml:"https://holm.invalid/xmlns/network/1 network"`
	}
	if err := xml.Unmarshal([]byte("<metadata>"+metadata+"</metadata>"), &got); err != nil || len(got.Networks) == 0 {
		return Owner{}
	}
	return Owner{Holm: true, State: got.Networks[0].State}
}

func (n Network) validate() error {
	switch {
	case !namePattern.MatchString(n.Name):
		return refuse("network name", n.Name, "use 1 to 64 of letters, digits, '.', '_' and '-', starting with a letter or digit")
	case !uuidPattern.MatchString(n.UUID):
		return refuse("network uuid", n.UUID, "use a lower-case UUID")
	case !bridgePattern.MatchString(n.Bridge):
		return refuse("bridge name", n.Bridge, "use 1 to 15 of a-z, 0-9 and '-', starting with a letter")
	case n.Subnet6.IsValid() && (n.Subnet6.Bits() != Bits6 || n.Subnet6 != n.Subnet6.Masked() || !n.Subnet6.Addr().Is6() ||
		!n.Subnet6.Addr().IsPrivate()):
		return refuse("IPv6 subnet", n.Subnet6.String(), "use a /64 within fc00::/7")
	}
	return errors.Join(validateSubnet(n.Subnet), n.Egress.validate())
}

// validateSubnet refuses what leaves no room for instances, what the world outside routes, and what is not written as
// a network.
func validateSubnet(p netip.Prefix) error {
	switch {
	case !p.IsValid() || !p.Addr().Is4() || p != p.Masked():
		return refuse("subnet", p.String(), "use an IPv4 network such as 10.77.0.0/24")
	case p.Bits() < 8 || p.Bits() > maxBits:
		return refuse("subnet", p.String(), "use a prefix length of 8 to 28")
	case !p.Addr().IsPrivate():
		return refuse("subnet", p.String(), "use a private network, within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
	}
	return nil
}

func refuse(what, value, rule string) error {
	const shown = 80
	if len(value) > shown {
		value = value[:shown] + "…"
	}
	return fault.New(fault.Usage, "", "%s %q is not allowed: %s", what, value, rule)
}
