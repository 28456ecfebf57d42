package network

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"testing"

	"holm/provisioner/model"
)

// The addresses of the host and of a machine outside.
const (
	hostOut, hostOut6   = "198.51.100.1", "2001:db8:77::1"
	worldIn, worldIn6   = "198.51.100.2", "2001:db8:77::2"
	published, guestsAt = ":8080", ":8000"
)

// site is a host with two tenants' networks and a machine outside. The instance web publishes port 8080 of both protocols.
type site struct {
	host, outside, web, sibling, stranger machine
	n, other                              Network
	guest, next                           Guest
}

func newSite(t *testing.T) site {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil || os.Geteuid() != 0 {
		t.Skip("left out: nft and root are needed to send packets through the rules")
	}
	s := site{host: newMachine(t), outside: newMachine(t), web: newMachine(t), sibling: newMachine(t), stranger: newMachine(t)}
	s.n = Default()
	subnet6, err := s.n.Free6([]netip.Prefix{s.n.Subnet6})
	if err != nil {
		t.Fatal(err)
	}
	s.other = s.n.OfTenant("other", "", netip.MustParsePrefix("10.200.0.0/24"), subnet6)
	// What a bridge passes on is no business of these rules, but of a kernel that has br_netfilter, as on hosts with Docker:
	// there it turns a guest's packet around below the host, and port isolation ends it. Doctor says so.
	for _, version := range []string{"iptables", "ip6tables"} {
		if _, err := os.Stat("/proc/sys/net/bridge/bridge-nf-call-" + version); err == nil {
			s.host.setting("bridge/bridge-nf-call-"+version, "0")
		}
	}
	for _, n := range []Network{s.n, s.other} {
		s.host.run("ip link add "+n.Bridge+" type bridge", "ip link set "+n.Bridge+" up")
		for gateway, subnet := range map[netip.Addr]netip.Prefix{n.Gateway(): n.Subnet, n.Gateway6(): n.Subnet6} {
			p := netip.PrefixFrom(gateway, subnet.Bits())
			s.host.run("ip address add " + p.String() + " dev " + n.Bridge + nodad(p))
		}
	}
	s.guest = Guest{MAC: "52:54:00:4e:11:0c", Address: netip.MustParseAddr("10.77.0.12"), Exposed: []model.Port{{Protocol: "tcp", Host: 8080, Guest: 8000}, {Protocol: "udp", Host: 8080, Guest: 8000}}}
	s.guest.Address6 = s.n.Address6(s.guest.Address)
	s.next = Guest{MAC: "52:54:00:4e:11:0d", Address: netip.MustParseAddr("10.77.0.13")}
	s.next.Address6 = s.n.Address6(s.next.Address)
	at := func(n Network, a netip.Addr) []netip.Prefix {
		return []netip.Prefix{netip.PrefixFrom(a, n.Subnet.Bits()), netip.PrefixFrom(n.Address6(a), n.Subnet6.Bits())}
	}
	s.web.plug(s.host, "tap0", s.n.Bridge, at(s.n, s.guest.Address)...)
	s.sibling.plug(s.host, "tap1", s.n.Bridge, at(s.n, s.next.Address)...)
	s.stranger.plug(s.host, "tap2", s.other.Bridge, at(s.other, netip.MustParseAddr("10.200.0.10"))...)
	s.outside.plug(s.host, "wire", "", netip.MustParsePrefix(worldIn+"/24"), netip.MustParsePrefix(worldIn6+"/64"))
	s.host.run("ip address add "+hostOut+"/24 dev wire", "ip address add "+hostOut6+"/64 dev wire nodad")
	s.host.apply(s.other)
	for name, m := range map[string]machine{"web": s.web, "sibling": s.sibling} {
		m.serve(name, guestsAt)
	}
	return s
}

func TestAPublishedPortAnswersThoseWhoMay(t *testing.T) {
	s := newSite(t)
	gateway, gateway6 := s.n.Gateway().String(), s.n.Gateway6().String()
	for _, isolated := range []bool{true, false} {
		s.n.Internal = !isolated
		if !isolated {
			s.host.run("bridge link set dev tap0 isolated off", "bridge link set dev tap1 isolated off")
		}
		s.host.apply(s.n, s.guest, s.next)
		permitted, permitted6 := "web "+gateway, "web "+gateway6
		if isolated {
			permitted, permitted6 = "", ""
		}
		for name, c := range map[string]struct {
			who  machine
			at   string
			want string
		}{
			"from outside":                              {s.outside, hostOut, "web " + worldIn},
			"from outside, in IPv6":                     {s.outside, "[" + hostOut6 + "]", "web " + worldIn6},
			"from the host":                             {s.host, hostOut, "web " + hostOut},
			"from the host, in IPv6":                    {s.host, "[" + hostOut6 + "]", "web " + hostOut6},
			"from the host, at its localhost":           {s.host, "127.0.0.1", "web " + gateway},
			"not at another address of loopback":        {s.host, "127.0.0.2", ""},
			"not at ::1, which the kernel cannot":       {s.host, "[::1]", ""},
			"from itself, by the host's address":        {s.web, hostOut, "web " + gateway},
			"from itself, in IPv6":                      {s.web, "[" + hostOut6 + "]", "web " + gateway6},
			"from itself, by the gateway's address":     {s.web, gateway, "web " + gateway},
			"from a sibling that may":                   {s.sibling, hostOut, permitted},
			"from a sibling that may, in IPv6":          {s.sibling, "[" + hostOut6 + "]", permitted6},
			"from another tenant, as itself":            {s.stranger, hostOut, "web 10.200.0.10"},
			"from another tenant, as itself, in IPv6":   {s.stranger, "[" + hostOut6 + "]", "web " + s.other.Address6(netip.MustParseAddr("10.200.0.10")).String()},
			"from another tenant, not at its localhost": {s.stranger, "127.0.0.1", ""},
		} {
			for _, protocol := range []string{"tcp", "udp"} {
				if got := ask(c.who.dial(protocol, c.at+published)); got != c.want {
					t.Errorf("%s, %s, isolated %v: got %q, want %q", name, protocol, isolated, got, c.want)
				}
			}
		}
	}
	s.other.Egress = Egress{Closed: true}
	s.host.apply(s.other)
	if got := ask(s.stranger.dial("tcp", hostOut+published)); got != "" {
		t.Errorf("a tenant that may speak to nobody speaks to a published port: %q", got)
	}
	// An interface that is named as the bridges of tenants are, and is none, leads to the world.
	s.host.run("ip link set wire down", "ip link set wire name holm-wire", "ip link set holm-wire up",
		"ip address replace "+hostOut+"/24 dev holm-wire", "ip address replace "+hostOut6+"/64 dev holm-wire nodad")
	s.outside.serve("world", ":8080")
	if got := ask(s.web.dial("tcp", worldIn+":8080")); got != "world "+hostOut {
		t.Errorf("what only passes through by the number of a published port: %q", got)
	}
}

func TestAGuestDoesNotReachTheHostsLoopback(t *testing.T) {
	s := newSite(t)
	s.host.apply(s.n, s.guest, s.next)
	const at = "127.0.0.1:7777"
	heard := s.host.hear(at)
	// A machine that sends what is for 127.0.0.1 to its gateway.
	s.sibling.setting("ipv4/conf/all/route_localnet", "1")
	s.sibling.run("ip route del 127.0.0.1 table local dev lo", "ip route del 127.0.0.0/8 table local dev lo", "ip route add 127.0.0.0/8 via 10.77.0.1")
	_ = ask(s.sibling.dial("udp", at))
	s.host.in(func() {
		if counts, err := (Firewall{}).Counters(t.Context(), s.n); err != nil || counts[CountLoopback] == 0 {
			t.Errorf("nothing was counted: %v, %v", counts, err)
		}
	})
	if heard() {
		t.Error("it does")
	}
	s.host.run("nft flush ruleset")
	_ = ask(s.sibling.dial("udp", at))
	if !heard() {
		t.Error("control: without rules it does not either")
	}
	s.guest.Exposed = nil
	s.host.apply(s.n, s.guest, s.next)
	s.host.run("nft flush ruleset")
	_ = ask(s.sibling.dial("udp", at))
	if heard() {
		t.Error("with nothing published the kernel itself stops it, and it did not")
	}
}

func TestConnectionsGoByWhatIsPublishedNow(t *testing.T) {
	s := newSite(t)
	closed := s.guest
	closed.Exposed = nil
	s.host.apply(s.n, closed, s.next)
	u, u6 := s.outside.dial("udp", hostOut+published), s.outside.dial("udp", "["+hostOut6+"]"+published)
	here := s.host.dial("udp", hostOut+published)
	if got := ask(u) + ask(u6) + ask(here); got != "" {
		t.Fatalf("nothing is published, and %q answers", got)
	}
	s.host.apply(s.n, s.guest, s.next)
	for name, c := range map[string]struct {
		got, want string
	}{
		"from outside":          {again(u), "web " + worldIn},
		"from outside, in IPv6": {again(u6), "web " + worldIn6},
		"from the host":         {again(here), "web " + hostOut},
	} {
		if c.got != c.want {
			t.Errorf("a flow of UDP from before, %s: got %q, want %q", name, c.got, c.want)
		}
	}
	c := s.outside.dial("tcp", hostOut+published)
	if got := ask(c); got != "web "+worldIn {
		t.Fatalf("got %q", got)
	}
	s.host.apply(s.n, s.guest, s.next)
	if got := ask(c); got != "web "+worldIn {
		t.Errorf("rules that say the same have ended a connection: %q", got)
	}
	s.host.apply(s.n, closed, s.next)
	if got := ask(c) + ask(u) + ask(u6) + ask(here); got != "" {
		t.Errorf("what was taken back goes on: %q", got)
	}
}

// again asks a second time where the first was answered by an error from before.
func again(c net.Conn) string {
	if got := ask(c); got != "" {
		return got
	}
	return ask(c)
}

func TestForwardingIsPutBack(t *testing.T) {
	s := newSite(t)
	s.host.setting("ipv4/ip_forward", "0")
	s.host.setting("ipv6/conf/all/forwarding", "0")
	s.host.apply(s.n, s.guest)
	for _, at := range []string{hostOut, "[" + hostOut6 + "]"} {
		got := ""
		for try := 0; got == "" && try < 5; try++ { // routers look for their neighbours anew
			got = ask(s.outside.dial("tcp", at+published))
		}
		if got == "" {
			t.Errorf("nothing answers at %s", at)
		}
	}
}
