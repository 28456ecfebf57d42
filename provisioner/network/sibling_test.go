package network

import (
	"net/netip"
	"os"
	"testing"
)

// Where the kernel has br_netfilter, a bridge asks the packet filter about what it takes in. What is for a sibling by a translation of
// the host's is then turned around on the bridge, and never comes to the host's rules: the isolation of the ports stops it. Somebody who
// listens on the bridge has it hand a copy of all to the host, of which the kernel forgets to what connection it belongs: as
// what it is then, a packet from one instance to another, it is dropped.
func TestASiblingEndsNoFlowWhicheverWayTheBridgeTakes(t *testing.T) {
	for name, c := range map[string]struct {
		asks, watched, open bool
		neighbours, foreign uint64
	}{
		"by way of the host":                         {foreign: 2},
		"turned around on the bridge":                {asks: true},
		"and a copy for who listens":                 {asks: true, watched: true, neighbours: 2},
		"turned around, and the ports are not apart": {asks: true, open: true, foreign: 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			for _, version := range []string{"iptables", "ip6tables"} {
				if _, err := os.Stat("/proc/sys/net/bridge/bridge-nf-call-" + version); err != nil && c.asks {
					t.Skip("left out: this kernel has no br_netfilter")
				} else if c.asks {
					s.host.setting("bridge/bridge-nf-call-"+version, "1")
				}
			}
			if c.watched {
				s.host.run("ip link set dev " + s.n.Bridge + " promisc on")
			}
			if c.open {
				s.host.run("bridge link set dev tap0 isolated off", "bridge link set dev tap1 isolated off")
			}
			s.host.apply(s.n, s.guest, s.next)
			heard := s.outside.hear(":9000")
			for i, to := range []netip.AddrPort{netip.MustParseAddrPort(worldIn + ":9000"), netip.MustParseAddrPort("[" + worldIn6 + "]:9000")} {
				flow := s.web.from("4444", to.String())
				if _, err := flow.Write([]byte("?")); err != nil || !heard() {
					t.Fatalf("nothing arrives (%v)", err)
				}
				s.sibling.unreachable(netip.AddrPortFrom(netip.MustParseAddr([]string{hostOut, hostOut6}[i]), 4444), to)
				if ended(flow) {
					t.Errorf("the flow to %s is ended", to)
				}
				_ = flow.Close()
				s.host.forget()
			}
			s.host.in(func() {
				counts, err := (Firewall{}).Counters(t.Context(), s.n)
				// A bridge that asks, and does not keep its ports apart, also asks about what siblings look for.
				if err != nil || !c.open && counts[CountNeighbours] != c.neighbours || counts[CountForeign] != c.foreign {
					t.Errorf("%d are neighbours, %d foreign errors (%v); want %d and %d", counts[CountNeighbours], counts[CountForeign], err, c.neighbours, c.foreign)
				}
			})
		})
	}
}
