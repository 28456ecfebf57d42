package network

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"holm/internal/fault"
)

func TestTheLowestFreeAddressIsAllocated(t *testing.T) {
	for name, c := range map[string]struct {
		subnet string
		taken  []string
		want   string
	}{
		"the tenth of an empty subnet":       {"10.77.0.0/24", nil, "10.77.0.10"},
		"the one after the last":             {"10.77.0.0/24", []string{"10.77.0.10", "10.77.0.11"}, "10.77.0.12"},
		"a gap before later ones":            {"10.77.0.0/24", []string{"10.77.0.12", "10.77.0.10"}, "10.77.0.11"},
		"addresses of elsewhere do not hold": {"10.77.0.0/24", []string{"10.78.0.10", "::1"}, "10.77.0.10"},
		"one written as IPv6 does":           {"10.77.0.0/24", []string{"::ffff:10.77.0.10"}, "10.77.0.11"},
		"across a byte":                      {"10.77.0.0/16", span("10.77.0.10", 246), "10.77.1.0"},
		"the last before broadcast":          {"10.77.0.0/28", span("10.77.0.10", 4), "10.77.0.14"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Allocate(netip.MustParsePrefix(c.subnet), addrs(c.taken))
			if err != nil || got.String() != c.want {
				t.Errorf("got %v, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestAFullSubnetIsRefusedByName(t *testing.T) {
	_, err := Allocate(netip.MustParsePrefix("10.77.0.0/28"), addrs(span("10.77.0.10", 5)))
	if fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), "10.77.0.0/28") {
		t.Errorf("got %v", err)
	}
}

func TestAllocatingNeverGivesAnAddressTwice(t *testing.T) {
	subnet := netip.MustParsePrefix("192.168.4.0/24")
	seen := map[netip.Addr]bool{}
	var taken []netip.Addr
	for range 245 {
		a, err := Allocate(subnet, taken)
		if err != nil {
			t.Fatalf("after %d: %v", len(taken), err)
		}
		if seen[a] || !subnet.Contains(a) || a.String() == "192.168.4.255" {
			t.Fatalf("gave %s after %d", a, len(taken))
		}
		seen[a] = true
		taken = append(taken, a)
	}
	if a, err := Allocate(subnet, taken); err == nil {
		t.Errorf("a full subnet gave %s", a)
	}
}

func TestAMACIsMadeFromThreeRandomBytes(t *testing.T) {
	got, err := MAC(bytes.NewReader([]byte{0x4e, 0x11, 0x0b, 0x4e, 0x11, 0x0c}), map[string]bool{"52:54:00:4e:11:0b": true})
	if err != nil || got != "52:54:00:4e:11:0c" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := MAC(strings.NewReader("ab"), nil); err == nil {
		t.Error("two bytes were enough")
	}
}

func addrs(list []string) []netip.Addr {
	var out []netip.Addr
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// span lists n addresses from first up.
func span(first string, n int) []string {
	var out []string
	for a := netip.MustParseAddr(first); len(out) < n; a = a.Next() {
		out = append(out, a.String())
	}
	return out
}
