package agent

import (
	"net"
	"testing"
)

const routeHead = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

func TestTheGatewayIsThatOfTheDefaultRoute(t *testing.T) {
	for name, c := range map[string]struct{ table, want string }{
		"a default route": {routeHead + "eth0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\neth0\t00000000\t01004D0A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", "10.77.0.1"},
		"none":            {routeHead + "eth0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", ""},
		"no gateway":      {routeHead + "eth0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n", ""},
		"nonsense":        {routeHead + "eth0\t00000000\tzz\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\n", ""},
		"an empty table":  {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := defaultGateway(c.table)
			if ok != (c.want != "") || ok && got.String() != c.want {
				t.Errorf("got %v, %v, want %q", got, ok, c.want)
			}
		})
	}
}

func TestAnnouncingSendsSomethingToTheGateway(t *testing.T) {
	gateway, err := net.ListenPacket("udp4", "127.0.0.1:9")
	if err != nil {
		t.Skipf("port 9 is not to be had: %v", err)
	}
	t.Cleanup(func() { _ = gateway.Close() })
	a := seeded(t)
	put(t, a.Root, routes, routeHead+"lo\t00000000\t0100007F\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", 0o600)
	a.announce(t.Context())
	if n, _, err := gateway.ReadFrom(make([]byte, 8)); err != nil || n != 1 {
		t.Errorf("%d bytes came, %v", n, err)
	}
}
