package network

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"holm/internal/fault"
)

// flow is a connection as the kernel follows it: where its first packet went, and where the answers come from. They differ
// when it was sent elsewhere.
type flow struct {
	protocol string
	to       netip.AddrPort
	answers  netip.AddrPort
}

// stale tells of a connection whether it goes otherwise than what is published now: it began before its port was published,
// or goes on although that was taken back. The kernel decides once, at a connection's first packet, and UDP has no end by
// which it would forget. here are the host's addresses: what only passes through it is nobody's business.
func stale(n Network, guests []Guest, here map[netip.Addr]bool) func(flow) bool {
	type door struct {
		protocol string
		port     uint16
		v6       bool
	}
	leads := map[door]netip.AddrPort{}
	for _, g := range guests {
		for _, p := range g.Exposed {
			for _, to := range []netip.Addr{g.Address, g.Address6} {
				if to.IsValid() {
					leads[door{p.Protocol, p.Host, to.Is6()}] = netip.AddrPortFrom(to, p.Guest)
				}
			}
		}
	}
	within := func(a netip.Addr) bool {
		return n.Subnet.Contains(a) || n.Subnet6.IsValid() && n.Subnet6.Contains(a)
	}
	return func(f flow) bool {
		to, published := leads[door{f.protocol, f.to.Port(), f.to.Addr().Is6()}]
		switch {
		case !here[f.to.Addr()]:
			return false
		case published:
			return f.answers != to
		default:
			return f.answers != f.to && within(f.answers.Addr())
		}
	}
}

// maxDumps is how often the table is read when it changes meanwhile.
const maxDumps = 5

// endFlows has the kernel forget the connections of which ends says so: their next packet is judged anew.
func endFlows(ctx context.Context, ends func(flow) bool) error {
	for _, family := range []netlink.InetFamily{unix.AF_INET, unix.AF_INET6} {
		var err error = netlink.ErrDumpInterrupted
		for dump := 0; dump < maxDumps && errors.Is(err, netlink.ErrDumpInterrupted); dump++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			_, err = netlink.ConntrackDeleteFilters(netlink.ConntrackTable, family, filter(ends))
		}
		if err != nil {
			return fault.New(fault.Failure, "modprobe nf_conntrack_netlink", "connections from before cannot be looked through: %w", err)
		}
	}
	return nil
}

// filter is how netlink asks.
type filter func(flow) bool

// MatchConntrackFlow implements netlink.CustomConntrackFilter.
func (ends filter) MatchConntrackFlow(c *netlink.ConntrackFlow) bool {
	f := flow{to: addrPort(c.Forward.DstIP, c.Forward.DstPort), answers: addrPort(c.Reverse.SrcIP, c.Reverse.SrcPort)}
	switch c.Forward.Protocol {
	case unix.IPPROTO_TCP:
		f.protocol = "tcp"
	case unix.IPPROTO_UDP:
		f.protocol = "udp"
	default:
		return false
	}
	return f.to.IsValid() && f.answers.IsValid() && ends(f)
}

func addrPort(ip net.IP, port uint16) netip.AddrPort {
	a, ok := netip.AddrFromSlice(ip)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Unmap(), port)
}
