package network

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"libvirt.org/go/libvirtxml"

	"holm/internal/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestTheDefaultNetworkIsRenderedAsTheGoldenFileSays(t *testing.T) {
	got, err := Default().XML()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "default.xml", []byte(got+"\n"))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("run with -update if this is meant (-want +got):\n%s", diff)
	}
}

func TestANetworkParsedBackHasItsValuesAndNoServices(t *testing.T) {
	want := Network{Name: "holm-acme", UUID: UUID("holm-acme"), Bridge: "holm-7", Subnet: netip.MustParsePrefix("172.20.4.0/22")}
	text, err := want.XML()
	if err != nil {
		t.Fatal(err)
	}
	var n libvirtxml.Network
	if err := n.Unmarshal(text); err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddr(n.IPs[0].Address)
	got := Network{Name: n.Name, UUID: n.UUID, Bridge: n.Bridge.Name, Subnet: netip.PrefixFrom(addr, int(n.IPs[0].Prefix)).Masked()}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if addr != want.Gateway() || addr != netip.MustParseAddr("172.20.4.1") {
		t.Errorf("the gateway is %s in the XML and %s in Go, want 172.20.4.1", addr, want.Gateway())
	}
	if n.IPs[0].DHCP != nil || n.DNS.Enable != "no" || n.PortOptions.Isolated != "yes" || n.Bandwidth != nil {
		t.Errorf("not as promised:\n%s", text)
	}
}

func TestTheUUIDOfANetworkDependsOnItsNameAlone(t *testing.T) {
	// Written out, because hosts in use know their network by it. It is what
	// uuid5(NAMESPACE_URL, "https://holm.invalid/xmlns/network/1#holm-default") gives elsewhere.
	const want = "94aeda07-20f9-541c-b5d8-2a8b9704b851"
	if got := Default().UUID; got != want {
		t.Errorf("the default network's UUID is %s, want %s", got, want)
	}
	if UUID("holm-default") == UUID("holm-other") {
		t.Errorf("two names share %s", UUID("holm-other"))
	}
}

func TestANetworkThatIsHostileOrOutOfRangeIsRefused(t *testing.T) {
	prefix := netip.MustParsePrefix
	for name, change := range map[string]func(*Network){
		"no name":                       func(n *Network) { n.Name = "" },
		"a name with markup":            func(n *Network) { n.Name = "a</name>" },
		"a name with a newline":         func(n *Network) { n.Name = "a\n" },
		"a name of 64 KiB":              func(n *Network) { n.Name = strings.Repeat("a", 64<<10) },
		"a uuid that is none":           func(n *Network) { n.UUID = "holm" },
		"a bridge of 16 characters":     func(n *Network) { n.Bridge = "holm-0123456789a" },
		"a bridge with a format":        func(n *Network) { n.Bridge = "holm%d" },
		"a bridge out of its directory": func(n *Network) { n.Bridge = "../x" },
		"no subnet":                     func(n *Network) { n.Subnet = netip.Prefix{} },
		"a subnet with host bits":       func(n *Network) { n.Subnet = prefix("10.77.0.5/24") },
		"a public subnet":               func(n *Network) { n.Subnet = prefix("8.8.8.0/24") },
		"a subnet of 8 addresses":       func(n *Network) { n.Subnet = prefix("10.77.0.0/29") },
		"a subnet of IPv6":              func(n *Network) { n.Subnet = prefix("fd00::/64") },
		"a public IPv6 subnet":          func(n *Network) { n.Subnet6 = prefix("2001:db8::/64") },
		"a short IPv6 subnet":           func(n *Network) { n.Subnet6 = prefix("fd00::/48") },
		"an IPv4 subnet for IPv6":       func(n *Network) { n.Subnet6 = prefix("10.0.0.0/24") },
	} {
		t.Run(name, func(t *testing.T) {
			n := Default()
			change(&n)
			_, err := n.XML()
			if fault.KindOf(err) != fault.Usage || err == nil {
				t.Errorf("got %v, want a fault of kind Usage", err)
			}
		})
	}
}
