package network

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"holm/provisioner/model"
)

func TestARuleThatClosesTheWayOutHoldsForWhatIsOpen(t *testing.T) {
	s := newSite(t)
	s.host.apply(s.n, s.guest, s.next)
	s.outside.serve("world", ":9000")
	type way struct{ protocol, at, me string }
	out := map[way]net.Conn{}
	for _, protocol := range []string{"tcp", "udp"} {
		for _, w := range []way{{protocol, worldIn + ":9000", hostOut}, {protocol, "[" + worldIn6 + "]:9000", hostOut6}} {
			out[w] = s.web.dial(w.protocol, w.at)
			if got := again(out[w]); got != "world "+w.me {
				t.Fatalf("%v: nothing is closed, and it answers %q", w, got)
			}
		}
	}
	in, in6 := s.outside.dial("tcp", hostOut+published), s.outside.dial("tcp", "["+hostOut6+"]"+published)
	if got := ask(in) + ask(in6); got != "web "+worldIn+"web "+worldIn6 {
		t.Fatalf("a published port answers %q", got)
	}
	s.n.Egress = Egress{Closed: true}
	s.host.apply(s.n, s.guest, s.next)
	for w, c := range out {
		if got := ask(c); got != "" {
			t.Errorf("%v: a connection that was open goes on: %q", w, got)
		}
	}
	if got := ask(in) + ask(in6); got != "web "+worldIn+"web "+worldIn6 {
		t.Errorf("who came in is not answered any more: %q", got)
	}
	s.n.Egress.Only = []netip.Prefix{netip.MustParsePrefix(worldIn + "/32")}
	s.host.apply(s.n, s.guest, s.next)
	if got := ask(s.web.dial("tcp", worldIn+":9000")); got != "world "+hostOut {
		t.Errorf("who is let in again does not answer: %q", got)
	}
}

// from is a UDP flow whose sender hears of errors.
func (m machine) from(port, to string) net.Conn {
	m.t.Helper()
	var c net.Conn
	m.in(func() {
		here, err := net.ResolveUDPAddr("udp", ":"+port)
		if err == nil {
			c, err = (&net.Dialer{Timeout: patience, LocalAddr: here}).DialContext(m.t.Context(), "udp", to)
		}
		if err != nil {
			m.t.Error(err)
		}
	})
	if c == nil {
		m.t.FailNow()
	}
	m.t.Cleanup(func() { _ = c.Close() })
	return c
}

// ended tells whether the sender of a flow is told that nobody is there.
func ended(c net.Conn) bool {
	_ = c.SetDeadline(time.Now().Add(patience))
	_, err := c.Read(make([]byte, 100))
	if err == nil {
		return false
	}
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// unreachable has a machine say to somebody that nobody listens where a datagram of that somebody's was for.
func (m machine) unreachable(from, to netip.AddrPort) {
	m.t.Helper()
	family, protocol := unix.AF_INET, unix.IPPROTO_ICMP
	if to.Addr().Is6() {
		family, protocol = unix.AF_INET6, unix.IPPROTO_ICMPV6
	}
	m.in(func() {
		fd, err := unix.Socket(family, unix.SOCK_RAW, protocol)
		if err != nil {
			m.t.Error(err)
			return
		}
		defer func() { _ = unix.Close(fd) }()
		var at unix.Sockaddr = &unix.SockaddrInet4{Addr: [4]byte(from.Addr().AsSlice()[:4])}
		if from.Addr().Is6() {
			at = &unix.SockaddrInet6{Addr: from.Addr().As16()}
		}
		if err := unix.Sendto(fd, quoting(from, to), 0, at); err != nil {
			m.t.Error(err)
		}
	})
}

// quoting is "port unreachable" with the beginning of the datagram; the kernel sums up ICMPv6 itself.
func quoting(from, to netip.AddrPort) []byte {
	udp := make([]byte, 8)
	binary.BigEndian.PutUint16(udp[0:], from.Port())
	binary.BigEndian.PutUint16(udp[2:], to.Port())
	binary.BigEndian.PutUint16(udp[4:], 9)
	if to.Addr().Is6() {
		ip := make([]byte, 40)
		ip[0], ip[6], ip[7] = 0x60, 17, 63
		binary.BigEndian.PutUint16(ip[4:], 9)
		copy(ip[8:], from.Addr().AsSlice())
		copy(ip[24:], to.Addr().AsSlice())
		return append([]byte{1, 4, 0, 0, 0, 0, 0, 0}, append(ip, udp...)...)
	}
	ip := make([]byte, 20)
	ip[0], ip[8], ip[9] = 0x45, 63, 17
	binary.BigEndian.PutUint16(ip[2:], 29)
	copy(ip[12:], from.Addr().AsSlice())
	copy(ip[16:], to.Addr().AsSlice())
	binary.BigEndian.PutUint16(ip[10:], sum(ip))
	message := append([]byte{3, 3, 0, 0, 0, 0, 0, 0}, append(ip, udp...)...)
	binary.BigEndian.PutUint16(message[2:], sum(message))
	return message
}

func sum(b []byte) uint16 {
	var s uint32
	for i := 0; i+1 < len(b); i += 2 {
		s += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

func TestNobodyEndsAFlowThatIsNotItsOwn(t *testing.T) {
	s := newSite(t)
	s.host.apply(s.n, s.guest, s.next)
	heard := s.outside.hear(":9000")
	for _, c := range []struct {
		name string
		who  machine
		flow machine
	}{
		{"another tenant, that of an instance", s.stranger, s.web},
		{"a sibling, that of an instance", s.sibling, s.web},
		{"an instance, the host's own", s.stranger, s.host},
		{"control: the world, that of an instance", s.outside, s.web},
	} {
		for i, to := range []netip.AddrPort{netip.MustParseAddrPort(worldIn + ":9000"), netip.MustParseAddrPort("[" + worldIn6 + "]:9000")} {
			flow := c.flow.from("4444", to.String())
			if _, err := flow.Write([]byte("?")); err != nil || !heard() {
				t.Fatalf("%s: nothing arrives (%v)", c.name, err)
			}
			from := netip.AddrPortFrom(netip.MustParseAddr([]string{hostOut, hostOut6}[i]), 4444)
			c.who.unreachable(from, to)
			if got, want := ended(flow), c.who == s.outside; got != want {
				t.Errorf("%s, to %s: it is ended: %v, want %v", c.name, to, got, want)
			}
			_ = flow.Close()
			s.host.forget()
		}
	}
	foreign := uint64(0)
	s.host.in(func() {
		for _, n := range []Network{s.n, s.other} {
			counts, err := (Firewall{}).Counters(t.Context(), n)
			if err != nil {
				t.Error(err)
			}
			foreign += counts[CountForeign]
		}
	})
	if foreign != 6 {
		t.Errorf("%d were counted, of 6", foreign)
	}
}

// forget ends all connections that the machine's kernel follows.
func (m machine) forget() {
	m.t.Helper()
	m.in(func() {
		if err := endFlows(m.t.Context(), func(flow) bool { return true }); err != nil {
			m.t.Error(err)
		}
	})
}

func TestAnInstanceSaysThatNobodyListensAndIsTold(t *testing.T) {
	s := newSite(t)
	s.guest.Exposed = append(s.guest.Exposed, model.Port{Protocol: "udp", Host: 8081, Guest: 8001})
	s.host.apply(s.n, s.guest, s.next)
	for name, c := range map[string]net.Conn{
		"who comes by a published port":          s.outside.dial("udp", hostOut+":8081"),
		"who comes by a published port, in IPv6": s.outside.dial("udp", "["+hostOut6+"]:8081"),
		"who asks the world":                     s.web.dial("udp", worldIn+":9999"),
		"who asks the world, in IPv6":            s.web.dial("udp", "["+worldIn6+"]:9999"),
		"the host that asks it":                  s.host.dial("udp", s.guest.Address.String()+":9999"),
		"the host that asks it, in IPv6":         s.host.dial("udp", "["+s.guest.Address6.String()+"]:9999"),
	} {
		if _, err := c.Write([]byte("?")); err != nil || !ended(c) {
			t.Errorf("%s is not told (%v)", name, err)
		}
	}
}

func TestMetadataIsReachedAtNoneOfItsAddresses(t *testing.T) {
	s := newSite(t)
	s.n.Metadata = []netip.Prefix{netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.18.0.254/32"), netip.MustParsePrefix("2001:db8:fe::/48")}
	s.host.apply(s.n, s.guest, s.next)
	counted := func() (n uint64) {
		s.host.in(func() {
			counts, err := (Firewall{}).Counters(t.Context(), s.n)
			if err != nil {
				t.Error(err)
			}
			n = counts[CountMetadata]
		})
		return n
	}
	for address, closed := range map[string]bool{
		"169.254.169.254": true, "169.254.170.2": true, "100.100.100.200": true, "168.63.129.16": true, "192.0.0.192": true, "198.19.1.1": true,
		"fd00:ec2::254": true, "fd20:ce::254": true, "fd00:c1::a9fe:a9fe": true, "fd00:42::42": true, "2001:db8:fe::1": true,
		"64:ff9b::a9fe:a9fe": true, "64:ff9b::a83f:8110": true, "64:ff9b::6464:64c8": true, "64:ff9b::c000:c0": true, "64:ff9b::c613:101": true,
		"100.100.100.201": false, "168.63.129.17": false, "64:ff9b::808:808": false, "2001:db8:ff::1": false,
	} {
		before := counted()
		to := netip.AddrPortFrom(netip.MustParseAddr(address), 80)
		if c := s.web.dial("udp", to.String()); c != nil {
			_, _ = c.Write([]byte("?"))
		}
		if got := counted() > before; got != closed {
			t.Errorf("%s: it is held back: %v, want %v", address, got, closed)
		}
	}
}

func TestATenantHasNoMoreConnectionsThanItsShare(t *testing.T) {
	s := newSite(t)
	s.n.Flows = 4
	s.host.apply(s.n, s.guest, s.next)
	s.outside.serve("world", ":9000")
	var answered int
	for range 8 {
		if ask(s.web.dial("udp", worldIn+":9000")) != "" {
			answered++
		}
	}
	if answered != 4 {
		t.Errorf("%d of 8 were answered, and 4 are its share", answered)
	}
}

func TestHardwareAddressesOfOthersGuestsAreKnown(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("left out: root is needed to make an interface")
	}
	m := newMachine(t)
	m.run("ip link add vnet0 address fe:54:00:12:34:56 type veth peer name far")
	m.in(func() {
		if got := Wired(); !got["52:54:00:12:34:56"] || got["52:54:00:12:34:57"] {
			t.Errorf("%v", got)
		}
	})
}

func TestSharesAreOfThreeQuartersAndChangeSeldom(t *testing.T) {
	for _, c := range []struct{ all, networks, want int }{
		{262144, 1, 16384},
		{262144, 12, 16384},
		{262144, 13, 8192},
		{262144, 24, 8192},
		{262144, 25, 4096},
		{262144, 100, 1024},
		{65536, 1, 16384},
		{8192, 1, 4096},
		{8192, 100, 1024},
		{0, 5, 16384},
	} {
		if got := FlowShare(c.all, c.networks); got != c.want {
			t.Errorf("%d of %d: %d, want %d", c.networks, c.all, got, c.want)
		}
	}
}
