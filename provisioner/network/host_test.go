package network

import (
	"context"
	"net"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const (
	four = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n" +
		"eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\nholm0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
	six = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n" +
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     eth0\n" +
		"ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n" +
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
)

func TestRoutesAreThoseOfTheKernelsFiles(t *testing.T) {
	routes, err := Routes(fstest.MapFS{"net/route": {Data: []byte(four)}, "net/ipv6_route": {Data: []byte(six)}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range routes {
		word := r.To.String() + " " + r.Device
		if r.Learnt {
			word += " learnt"
		}
		got = append(got, word)
	}
	want := []string{"0.0.0.0/0 eth0", "10.77.0.0/24 holm0", "fd00::/64 eth0", "::/0 eth0 learnt"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if routes, err := Routes(fstest.MapFS{"net/route": {Data: []byte(four)}}); err != nil || len(routes) != 2 {
		t.Errorf("without IPv6: %v, %v", routes, err)
	}
	for name, proc := range map[string]fstest.MapFS{
		"nothing":           {},
		"a short line":      {"net/route": {Data: []byte("eth0 1\n")}},
		"a short line of 6": {"net/route": {Data: []byte(four)}, "net/ipv6_route": {Data: []byte("fd00 40\n")}},
		"no numbers":        {"net/route": {Data: []byte(four)}, "net/ipv6_route": {Data: []byte("x 40 x 00 x x x x x eth0\n")}},
	} {
		if routes, err := Routes(proc); err == nil {
			t.Errorf("%s: %v", name, routes)
		}
	}
}

func FuzzRoutesAreWhole(f *testing.F) {
	f.Add(four, six)
	f.Fuzz(func(t *testing.T, four, six string) {
		routes, err := Routes(fstest.MapFS{"net/route": {Data: []byte(four)}, "net/ipv6_route": {Data: []byte(six)}})
		if err != nil {
			return
		}
		for _, r := range routes {
			if !r.To.IsValid() || r.To != r.To.Masked() {
				t.Errorf("a route to %v", r.To)
			}
		}
	})
}

func TestAPortThatAProgramHasIsSeen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	if taken, err := Listens(context.Background(), "tcp", port); err != nil || !taken {
		t.Errorf("while it listens: %v, %v", taken, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if taken, err := Listens(context.Background(), "tcp", port); err != nil || taken {
		t.Errorf("afterwards: %v, %v", taken, err)
	}
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = u.Close() }()
	if taken, err := Listens(context.Background(), "udp", uint16(u.LocalAddr().(*net.UDPAddr).Port)); err != nil || !taken {
		t.Errorf("a port of UDP: %v, %v", taken, err)
	}
}
