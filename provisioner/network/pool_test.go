package network

import (
	"net/netip"
	"strings"
	"testing"

	"holm/internal/fault"
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

func TestTheFirstSubnetThatCollidesWithNothingIsFree(t *testing.T) {
	for name, c := range map[string]struct {
		pool  string
		taken []netip.Prefix
		want  string
	}{
		"of an empty pool":                {"10.200.0.0/16", nil, "10.200.0.0/24"},
		"after the taken ones":            {"10.200.0.0/16", prefixes("10.200.0.0/24", "10.200.1.0/24"), "10.200.2.0/24"},
		"a gap":                           {"10.200.0.0/16", prefixes("10.200.1.0/24"), "10.200.0.0/24"},
		"beside a narrow one":             {"10.200.0.0/16", prefixes("10.200.0.128/28"), "10.200.1.0/24"},
		"after a wide one":                {"10.200.0.0/15", prefixes("10.200.0.0/16"), "10.201.0.0/24"},
		"the default route takes nothing": {"10.200.0.0/16", prefixes("0.0.0.0/0"), "10.200.0.0/24"},
		"across a byte":                   {"10.0.0.0/8", prefixes("10.0.0.0/9", "10.128.0.0/10"), "10.192.0.0/24"},
		"not one of containers":           {"172.16.0.0/12", prefixes("172.16.0.0/16"), "172.18.0.0/24"},
		"not one of pods":                 {"10.42.0.0/15", prefixes("10.44.0.0/16"), ""},
		"of a pool of one":                {"192.168.7.0/24", nil, "192.168.7.0/24"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Free(netip.MustParsePrefix(c.pool), c.taken)
			if c.want == "" && fault.KindOf(err) == fault.Refused {
				return
			}
			if err != nil || got.String() != c.want {
				t.Errorf("got %v, %v; want %s", got, err, c.want)
			}
		})
	}
	if got, err := Free(netip.MustParsePrefix("192.168.7.0/24"), prefixes("192.168.7.9/32")); fault.KindOf(err) != fault.Refused || err == nil {
		t.Errorf("a full pool gave %v, %v", got, err)
	}
}

func TestAPoolThatCannotBeCutIsRefused(t *testing.T) {
	if p, err := ParsePool("10.200.0.0/16"); err != nil || p.Bits() != 16 {
		t.Errorf("got %v, %v", p, err)
	}
	for _, text := range []string{"", "10.200.0.0", "10.200.0.1/16", "10.200.0.0/25", "0.0.0.0/0", "8.0.0.0/8", "fd00::/48", "10.0.0.0/7", "10.42.0.0/15", "172.17.0.0/16", "10.0.2.0/24"} {
		if p, err := ParsePool(text); fault.KindOf(err) != fault.Usage || err == nil {
			t.Errorf("%q: got %v, %v", text, p, err)
		}
	}
}

func TestATenantsNetworkIsBesideTheHosts(t *testing.T) {
	host := Default()
	six, err := host.Free6(prefixes(host.Subnet6.String()))
	if err != nil {
		t.Fatal(err)
	}
	n := host.OfTenant("acme", "", netip.MustParsePrefix("10.200.0.0/24"), six)
	if _, err := n.XML(); err != nil {
		t.Fatal(err)
	}
	if n.Name != "holm-default.acme" || n.Subnet6.Overlaps(host.Subnet6) || n.Bridge == host.Bridge || n.UUID == host.UUID {
		t.Errorf("got %+v beside %+v", n, host)
	}
	if other := host.OfTenant("acme-2", "", n.Subnet, six); other.Bridge == n.Bridge {
		t.Errorf("two tenants have the bridge %s", n.Bridge)
	}
	next, err := host.Free6([]netip.Prefix{six})
	if err != nil || next.Overlaps(six) {
		t.Errorf("after %s comes %s, %v", six, next, err)
	}
	host.Subnet6 = netip.Prefix{}
	if got, err := host.Free6(nil); err != nil || got.IsValid() {
		t.Errorf("without IPv6: %v, %v", got, err)
	}
}

func TestTheIPv6AddressFollowsTheOther(t *testing.T) {
	n := Default()
	six := n.Subnet6.Addr().String()
	for four, want := range map[string]string{"10.77.0.10": six + "a", "10.77.0.254": six + "fe", "10.78.0.1": "invalid IP"} {
		if got := n.Address6(netip.MustParseAddr(four)); got.String() != want {
			t.Errorf("%s: got %s, want %s", four, got, want)
		}
	}
	if n.Gateway6().String() != six+"1" {
		t.Errorf("the gateway is %s", n.Gateway6())
	}
	n.Subnet6 = netip.Prefix{}
	if n.Address6(netip.MustParseAddr("10.77.0.10")).IsValid() || n.Gateway6().IsValid() {
		t.Error("an address where there is no IPv6")
	}
}

func TestALinkLocalAddressFollowsTheHardwareAddress(t *testing.T) {
	got, err := LinkLocal("52:54:00:4e:11:0c")
	if err != nil || got.String() != "fe80::5054:ff:fe4e:110c" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := LinkLocal("x"); err == nil {
		t.Error("a word has one")
	}
}

func TestASubnetThatIsUsedInsideInstancesIsRefused(t *testing.T) {
	for text, says := range map[string]string{
		"10.42.7.0/24": "pods", "10.43.0.0/16": "services", "172.17.0.0/24": "containers", "10.0.2.0/24": "rootless Docker", "10.0.0.0/8": "pods",
	} {
		if _, err := ParseSubnet(text); fault.KindOf(err) != fault.Usage || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	for _, text := range []string{"10.44.0.0/24", "172.18.0.0/16", "10.0.3.0/24"} {
		if _, err := ParseSubnet(text); err != nil {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
