package doctor

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

const routeHead = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

// line is a route as the kernel writes it.
func line(device, prefix string) string {
	p := netip.MustParsePrefix(prefix)
	a := p.Addr().As4()
	mask := ^uint32(0) >> p.Bits()
	m := [4]byte{byte(^mask >> 24), byte(^mask >> 16), byte(^mask >> 8), byte(^mask)}
	hex := func(b [4]byte) string { return fmt.Sprintf("%02X%02X%02X%02X", b[3], b[2], b[1], b[0]) }
	return fmt.Sprintf("%s\t%s\t00000000\t0001\t0\t0\t0\t%s\t0\t0\t0\n", device, hex(a), hex(m))
}

func TestTUN(t *testing.T) {
	play(t, "tun", []scene{
		{"there", nil, OK, "/dev/net/tun opens", ""},
		{"not there", func(h *host) { h.remove("/dev/net/tun") }, Fail, "/dev/net/tun is not there", "modprobe tun"},
	})
}

func TestNFTAndEbtables(t *testing.T) {
	broken := errors.New("unshare: exit 1: Protocol not supported")
	unable := fmt.Errorf("%w: unshare failed: Operation not permitted", errNoNamespace)
	for program, c := range map[string]struct{ pkg, works string }{
		"nft":      {"nftables", "nft makes tables"},
		"ebtables": {"ebtables", "ebtables filters ARP: libvirt can keep guests from spoofing"},
	} {
		play(t, program, []scene{
			{program + " works", nil, OK, c.works, ""},
			{
				program + " is not there", func(h *host) { h.missing[program] = true },
				Fail, program + " is not there", "apt-get install -y " + c.pkg,
			},
			{
				program + " does not get through to the kernel", func(h *host) { h.network[program] = broken },
				Fail, broken.Error(), "apt-get install -y " + c.pkg + " linux-image-amd64 && reboot",
			},
			{
				program + " cannot be tried", func(h *host) { h.network[program] = unable },
				Warn, program + " was not tried: " + unable.Error(), "sudo holm doctor",
			},
		})
	}
}

func TestSubnet(t *testing.T) {
	const free = "10.77.0.0/24 is free"
	routes := func(lines ...string) func(*host) {
		return func(h *host) {
			text := routeHead
			for _, l := range lines {
				text += l
			}
			h.write("/proc/net/route", text)
		}
	}
	const eth1 = "eth1"
	play(t, "subnet", []scene{
		{"only a default route", nil, OK, free, ""},
		{"neighbours", routes(line("eth0", "10.76.255.0/24"), line(eth1, "10.77.1.0/24")), OK, free, ""},
		{"holm's own", routes(line("holm0", "10.77.0.0/24")), OK, free, ""},
		{
			"the same subnet elsewhere", routes(line("eth0", "10.0.0.0/8"), line(eth1, "10.77.0.0/24")), Fail,
			"10.77.0.0/24 collides with the host's route 10.77.0.0/24 on eth1", "ip route del 10.77.0.0/24 dev eth1",
		},
		{
			"a single address of it elsewhere", routes(line(eth1, "10.77.0.9/32")), Fail,
			"10.77.0.0/24 collides with the host's route 10.77.0.9/32 on eth1", "ip route del 10.77.0.9/32 dev eth1",
		},
		{
			"a wider route", routes(line("wg0", "10.0.0.0/8")), Warn,
			"10.77.0.0/24 hides a part of the host's route 10.0.0.0/8 on wg0", "",
		},
		{
			"another subnet by choice", func(h *host) {
				routes(line(eth1, "10.77.0.0/24"))(h)
				h.Subnet = netip.MustParsePrefix("10.99.0.0/24")
			}, OK, "10.99.0.0/24 is free", "",
		},
		{
			"a file that cannot be understood", routes("eth0 zz 0 0 0 0 0 00FFFFFF\n"), Warn,
			"/proc/net/route cannot be understood: an address is no hexadecimal number", "",
		},
		{
			"a file that is cut off", routes("eth0 0A\n"), Warn,
			"/proc/net/route cannot be understood: a line has fewer than 8 fields", "",
		},
	})
}

func TestIPv6(t *testing.T) {
	learnt := func(accept string) func(*host) {
		return func(h *host) {
			h.write("/proc/net/ipv6_route", strings.Repeat("0", 32)+" 00 "+strings.Repeat("0", 32)+" 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003 eth0\n")
			h.write("/proc/sys/net/ipv6/conf/eth0/accept_ra", accept)
		}
	}
	const docs = "see docs/ISOLATION.md"
	play(t, "ipv6", []scene{
		{"there", nil, OK, "networks have IPv6", ""},
		{"switched off", func(h *host) { h.write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1") }, Warn, "networks are made without IPv6: net.ipv6.conf.all.disable_ipv6 is not 0", docs},
		{"not in the kernel", func(h *host) { h.remove("/proc/sys/net/ipv6/conf/all/disable_ipv6") }, Warn, "networks are made without IPv6: the kernel has no IPv6", docs},
		{
			"routes that would be lost", learnt("1"), Warn,
			"networks are made without IPv6: the host's own IPv6 routes come from a router at eth0, and would be lost: net.ipv6.conf.eth0.accept_ra is 1, and not 2", docs,
		},
		{"routes that are kept", learnt("2"), OK, "networks have IPv6", ""},
	})
}
