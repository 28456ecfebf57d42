//go:build e2e

package e2e

import (
	"net"
	"net/netip"
	"strconv"
	"testing"

	"holm/e2e/attack/frames"
)

// The host's ports that lead to sshd of a2, a sibling of the attacker's, and of b1, another tenant's.
const (
	portOfA2 = 8923
	portOfB1 = 8922
)

// publish has both tenants publish a port. So long the kernel routes 127.0.0.0/8 at their bridges.
func (l *lab) publish(t *testing.T) {
	t.Helper()
	for short, port := range map[string]int{"a2": portOfA2, "b1": portOfB1} {
		holm("expose", prefix+short, strconv.Itoa(port)+":22", "--tenant", tenantOf(short)).must(t)
	}
}

// framing makes a frame: frames.UDP or frames.SYN.
type framing func(from, to frames.Party, port uint16, mark []byte) []byte

// published is what a published port opens, which is its guest's, and what it must not open besides.
func published() []attempt {
	// to is a datagram, or the beginning of a connection, for an address that the host has.
	to := func(address string, made framing, port func(l *lab) uint16) func(*lab, []byte) [][]byte {
		return one(func(l *lab, mark []byte) []byte {
			a1 := l.guests["a1"]
			return made(a1.me, frames.Party{MAC: a1.gate.MAC, IP: netip.MustParseAddr(address)}, port(l), mark)
		})
	}
	always := func(port uint16) func(*lab) uint16 { return func(*lab) uint16 { return port } }
	ear := func(l *lab) uint16 { return l.heard.udp }
	world := netip.MustParsePrefix(outside4).Addr().String()
	return []attempt{
		{
			name: "control: a1 connects to the port that the other tenant's b1 publishes to the world", by: "a1", at: "b1", may: true,
			frames: to(world, frames.SYN, always(portOfB1)),
		},
		{
			name: "a1 connects to the port that its sibling a2 publishes to the world", by: "a1", at: "a2",
			frames: to(world, frames.SYN, always(portOfA2)), never: "the host leads no siblings there",
		},
		{
			name: "a1 connects to b1's published port at the host's 127.0.0.1", by: "a1", at: "b1",
			frames: to("127.0.0.1", frames.SYN, always(portOfB1)),
		},
		{name: "a1 speaks to a UDP port of the host at its 127.0.0.1", by: "a1", at: host, frames: to("127.0.0.1", frames.UDP, ear)},
		{name: "a1 speaks to a UDP port of the host at 127.9.9.9", by: "a1", at: host, frames: to("127.9.9.9", frames.UDP, ear)},
		{name: "a1 is the host's 127.0.0.1", by: "a1", at: bridge, frames: toGate(func(l *lab) frames.Party {
			return frames.Party{MAC: l.guests["a1"].me.MAC, IP: netip.AddrFrom4([4]byte{127, 0, 0, 1})}
		})},
	}
}

// resolver is what a guest does to the names of others: each has a resolver of its own, and the host has none for them.
func resolver() []attempt {
	row := func(name string, f func(a1, a2 *fighter, mark []byte) []byte) attempt {
		return attempt{name: name, by: "a1", at: "a2", frames: one(func(l *lab, mark []byte) []byte {
			return f(l.guests["a1"], l.guests["a2"], mark)
		})}
	}
	group := func(address string, mac ...byte) frames.Party {
		return frames.Party{MAC: net.HardwareAddr(mac), IP: netip.MustParseAddr(address)}
	}
	return []attempt{
		row("names: a1 asks the resolver of a2", func(a1, a2 *fighter, mark []byte) []byte {
			return frames.UDP(a1.me, a2.me, 53, mark)
		}),
		row("names: a1 asks the resolver of a2, by way of the host", func(a1, a2 *fighter, mark []byte) []byte {
			return frames.UDP(a1.me, frames.Party{MAC: a1.gate.MAC, IP: a2.me.IP}, 53, mark)
		}),
		row("names: a1 tells everybody who it is, by multicast DNS", func(a1, _ *fighter, mark []byte) []byte {
			return frames.UDP(a1.me, group("224.0.0.251", 1, 0, 0x5e, 0, 0, 0xfb), 5353, mark)
		}),
		row("names: a1 tells everybody who it is, by LLMNR", func(a1, _ *fighter, mark []byte) []byte {
			return frames.UDP(a1.me6, group("ff02::1:3", 0x33, 0x33, 0, 1, 0, 3), 5355, mark)
		}),
		{name: "names: a1 answers a2 in the name of a server of names", by: "a1", at: bridge, frames: one(func(l *lab, mark []byte) []byte {
			a1 := l.guests["a1"]
			return frames.UDP(frames.Party{MAC: a1.me.MAC, IP: netip.MustParseAddr(world4)},
				frames.Party{MAC: a1.gate.MAC, IP: l.guests["a2"].me.IP}, 40000, mark)
		})},
	}
}
