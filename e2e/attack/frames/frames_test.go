package frames

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"holm/e2e/attack"
)

var (
	run  = attack.Run{1, 2, 3, 4, 5, 6, 7, 8}
	mark = run.Mark(42)
	a    = Party{net.HardwareAddr{0x52, 0x54, 0, 0, 0, 1}, netip.MustParseAddr("10.0.0.10")}
	b    = Party{net.HardwareAddr{0x52, 0x54, 0, 0, 0, 2}, netip.MustParseAddr("10.0.0.11")}
	a6   = Party{a.MAC, netip.MustParseAddr("fe80::1")}
	b6   = Party{b.MAC, netip.MustParseAddr("fe80::2")}
)

func TestEveryFrameIsWhatItIsCalledAndCarriesItsMark(t *testing.T) {
	tagged := func(ids ...uint16) []byte { return Tagged(UDP(a, b, 9, mark), ids...) }
	for name, c := range map[string]struct {
		frame []byte
		want  []string
	}{
		"a datagram":               {UDP(a, b, 9, mark), []string{"Ethernet", "IPv4", "UDP", "Payload"}},
		"a datagram in IPv6":       {UDP(a6, b6, 9, mark), []string{"Ethernet", "IPv6", "UDP", "Payload"}},
		"a connection's first":     {SYN(a, b, 22, mark), []string{"Ethernet", "IPv4", "TCP", "Payload"}},
		"an ARP reply":             {ARPReply(a, b, b, mark), []string{"Ethernet", "ARP", "Payload"}},
		"an ARP request":           {ARPRequest(a, b, b, mark), []string{"Ethernet", "ARP", "Payload"}},
		"a neighbour":              {NeighbourAdvertisement(a6, b6, b6, mark), []string{"Ethernet", "IPv6", "ICMPv6", "ICMPv6NeighborAdvertisement"}},
		"who asks for a neighbour": {NeighbourSolicitation(a6, b6, mark), []string{"Ethernet", "IPv6", "ICMPv6", "ICMPv6NeighborSolicitation"}},
		"a router":                 {RouterAdvertisement(a6, AllNodes(), mark), []string{"Ethernet", "IPv6", "ICMPv6", "ICMPv6RouterAdvertisement"}},
		"a hidden router": {
			HiddenRouterAdvertisement(a6, AllNodes(), mark),
			[]string{"Ethernet", "IPv6", "IPv6Destination", "ICMPv6", "ICMPv6RouterAdvertisement"},
		},
		"a redirect":             {Redirect(a, b, a.IP, b.IP, mark), []string{"Ethernet", "IPv4", "ICMPv4", "Payload"}},
		"a redirect in IPv6":     {Redirect6(a6, b6, a6.IP, b6.IP, mark), []string{"Ethernet", "IPv6", "ICMPv6", "ICMPv6Redirect"}},
		"nobody listens":         {Unreachable(a, b, b.IP, a.IP, 33, mark), []string{"Ethernet", "IPv4", "ICMPv4", "Payload"}},
		"nobody listens in IPv6": {Unreachable(a6, b6, b6.IP, a6.IP, 33, mark), []string{"Ethernet", "IPv6", "ICMPv6", "Payload"}},
		"a DHCP server":          {DHCPOffer(a, Broadcast(), b, mark), []string{"Ethernet", "IPv4", "UDP", "DHCPv4"}},
		"a DHCPv6 server":        {DHCP6Advertise(a6, b6, mark), []string{"Ethernet", "IPv6", "UDP", "DHCPv6"}},
		"one VLAN tag":           {tagged(7), []string{"Ethernet", "Dot1Q", "IPv4", "UDP", "Payload"}},
		"two VLAN tags":          {tagged(7, 8), []string{"Ethernet", "Dot1Q", "Dot1Q", "IPv4", "UDP", "Payload"}},
		"the root of the bridge": {RootBridge(a, mark), []string{"Ethernet", "LLC", "STP"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := gopacket.NewPacket(c.frame, layers.LayerTypeEthernet, gopacket.Default)
			var got []string
			for _, l := range p.Layers() {
				got = append(got, l.LayerType().String())
				if summed, ok := l.(interface {
					SetNetworkLayerForChecksum(l gopacket.NetworkLayer) error
				}); ok {
					if err := summed.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
						t.Error(err)
					}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if id, found := run.Find(c.frame); !found || id != 42 {
				t.Errorf("its mark is %d, %v", id, found)
			}
			if failure := p.ErrorLayer(); failure != nil {
				t.Error(failure.Error())
			}
			if err, wrong := p.VerifyChecksums(); err != nil || len(wrong) > 0 {
				t.Errorf("its checksums are wrong: %v %v", err, wrong)
			}
		})
	}
}

func TestFragmentsAreAWholeDatagramAgain(t *testing.T) {
	for _, c := range []struct{ from, to Party }{{a, b}, {a6, b6}} {
		parts := Fragments(c.from, c.to, 4711, 9, mark)
		first, second := body(t, parts[0]), body(t, parts[1])
		if len(first) != 8 {
			t.Errorf("the first fragment has %d bytes, not the smallest number there is", len(first))
		}
		udp := gopacket.NewPacket(slices.Concat(first, second), layers.LayerTypeUDP, gopacket.Default)
		if got, ok := udp.TransportLayer().(*layers.UDP); !ok || got.DstPort != 4711 || !bytes.HasSuffix(got.Payload, mark) {
			t.Errorf("the fragments are %v", udp)
		}
	}
}

// body is what a fragment carries.
func body(t *testing.T, frame []byte) []byte {
	t.Helper()
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.IPv6Fragment:
			return l.Payload
		case *layers.IPv4:
			return l.Payload
		}
	}
	t.Fatalf("no fragment: %v", p)
	return nil
}

func TestOverlappingFragmentsSayTwoPorts(t *testing.T) {
	parts := Overlapping(a, b, 53, 4711, 9, mark)
	for i, want := range []uint16{53, 4711} {
		udp := gopacket.NewPacket(body(t, parts[i]), layers.LayerTypeUDP, gopacket.NoCopy)
		if got := udp.Layer(layers.LayerTypeUDP).(*layers.UDP); got.DstPort != layers.UDPPort(want) {
			t.Errorf("fragment %d says port %d, not %d", i, got.DstPort, want)
		}
	}
}

func TestARouterCutAtEightShowsNothingOfItself(t *testing.T) {
	parts := FragmentedRouterAdvertisement(a6, AllNodes(), 8, 1, mark)
	if first := body(t, parts[0]); !bytes.Equal(first, noOptions()) {
		t.Errorf("the first fragment is % x", first)
	}
	if second := body(t, parts[1]); second[0] != layers.ICMPv6TypeRouterAdvertisement {
		t.Errorf("the second begins with % x", second[:4])
	}
}
