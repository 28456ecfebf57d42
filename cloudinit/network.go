package cloudinit

import (
	"net"
	"net/netip"
)

// nic is the name of the one interface inside the guest, whatever the kernel calls it.
const nic = "eth0"

// defaultRoute is written out: cloud-init refuses netplan's word "default" where it renders for systemd-networkd, and
// the guest would boot without a network.
const (
	defaultRoute  = "0.0.0.0/0"
	defaultRoute6 = "::/0"
)

// networkConfig is cloud-init's network-config, version 2, as far as holm uses it.
type networkConfig struct {
	Version   int                 `json:"version"`
	Ethernets map[string]ethernet `json:"ethernets"`
}

type ethernet struct {
	Match     match    `json:"match"`
	SetName   string   `json:"set-name"`
	DHCP4     bool     `json:"dhcp4"`
	DHCP6     bool     `json:"dhcp6"`
	AcceptRA  bool     `json:"accept-ra"`
	Addresses []string `json:"addresses"`
	Routes    []route  `json:"routes"`
}

type match struct {
	MACAddress string `json:"macaddress"`
}

type route struct {
	To  string `json:"to"`
	Via string `json:"via"`
}

// newNetworkConfig says everything statically: an instance learns no address, route or name server from the wire. Name
// servers are not in it: they change, and the host tells them at each start.
func newNetworkConfig(s Spec) networkConfig {
	e := ethernet{
		Match:     match{MACAddress: s.MAC},
		SetName:   nic,
		Addresses: []string{s.Address.String()},
		Routes:    []route{{To: defaultRoute, Via: s.Gateway.String()}},
	}
	if s.Address6.IsValid() {
		e.Addresses = append(e.Addresses, s.Address6.String())
		e.Routes = append(e.Routes, route{To: defaultRoute6, Via: s.Gateway6.String()})
	}
	return networkConfig{Version: 2, Ethernets: map[string]ethernet{nic: e}}
}

func canonicalMAC(mac string) (string, error) {
	hw, err := net.ParseMAC(mac)
	if err != nil || len(hw) != 6 || hw[0]&1 != 0 || net.HardwareAddr(make([]byte, 6)).String() == hw.String() {
		return "", usage("use a unicast address such as 52:54:00:4e:11:0c", "MAC address %s is not allowed", quote(mac))
	}
	return hw.String(), nil
}

func (s Spec) validateNetwork() error {
	addr, subnet := s.Address.Addr(), s.Address.Masked()
	switch {
	case !s.Address.IsValid() || !addr.Is4() || s.Address.Bits() < 8 || s.Address.Bits() > 30:
		return usage("use an IPv4 address with its subnet's length, such as 10.77.0.12/24",
			"address %q is not allowed", s.Address)
	case !isHost(subnet, addr):
		return usage("choose another address of the subnet", "address %q is no address that a machine can have", s.Address)
	case !isHost(subnet, s.Gateway) || s.Gateway == addr:
		return usage("use the host's address on the instance's network", "gateway %q is not another machine in %q",
			s.Gateway, subnet)
	case s.Address6.IsValid() && (!s.Address6.Addr().Is6() || s.Address6.Bits() != 64 || !s.Address6.Addr().IsGlobalUnicast()):
		return usage("use an IPv6 address with its subnet's length, such as fd00::12/64", "address %q is not allowed", s.Address6)
	case s.Address6.IsValid() && (!isHost(s.Address6.Masked(), s.Gateway6) || s.Gateway6 == s.Address6.Addr()):
		return usage("use the host's address on the instance's network",
			"gateway %q is not another machine in %q", s.Gateway6, s.Address6.Masked())
	}
	return nil
}

// isHost tells whether addr can be a machine's own address in subnet.
func isHost(subnet netip.Prefix, addr netip.Addr) bool {
	if !addr.IsValid() || !addr.IsGlobalUnicast() || !subnet.Contains(addr) || addr == subnet.Addr() {
		return false
	}
	// The broadcast address is the one whose successor leaves the subnet.
	return subnet.Contains(addr.Next())
}
