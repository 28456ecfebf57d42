//go:build e2e

package e2e

import (
	"net/netip"

	"holm/e2e/attack/frames"
)

// place is where something must not arrive: a guest by its short name, or one of these.
type place string

const (
	bridge  place = "bridge"  // the attacker's own, past the filter before its port
	host    place = "host"    // a socket on the host
	outside place = "outside" // the wire that leads out of the host
	tree    place = "tree"    // the bridge's idea of who is the root of the spanning tree
)

// attempt is one row of the table: who does what, and where it must not arrive.
type attempt struct {
	name string
	by   string // the guest's short name, or "host"
	at   place
	// frames are sent rounds times; knocks are connected to by the guest's own TCP.
	frames func(l *lab, mark []byte) [][]byte
	rounds int
	knocks func(l *lab) []netip.AddrPort
	speak  string                                 // host only: the guest to which the host sends datagrams
	first  func(l *lab) (by string, frame []byte) // what somebody else sends before; nil is nothing
	may    bool                                   // a control: this one has to arrive
	never  string                                 // why it does not even arrive with the walls down
}

const rounds = 10

// attempts are the rows of the table, in its order. The last but one changes the bridge, so nothing else follows it.
func attempts(l *lab) []attempt {
	var all []attempt
	for _, group := range [][]attempt{
		allowed(), forged(), taught(), services(), wrapped(), neighbours(l), onHost(), published(), resolver(), beyond(), strangers(), many(l),
	} {
		all = append(all, group...)
	}
	for i := range all {
		if all[i].rounds == 0 {
			all[i].rounds = rounds
		}
	}
	return all
}

// one makes a row of a single frame.
func one(f func(l *lab, mark []byte) []byte) func(*lab, []byte) [][]byte {
	return func(l *lab, mark []byte) [][]byte { return [][]byte{f(l, mark)} }
}

// discard is a port that nobody listens on.
const discard = 9

// toGate is a good datagram to the gateway from somebody whom a1 claims to be.
func toGate(as func(l *lab) frames.Party) func(*lab, []byte) [][]byte {
	return one(func(l *lab, mark []byte) []byte {
		from, gate := as(l), l.guests["a1"].gate
		if from.IP.Is6() {
			gate = l.guests["a1"].gateway6()
		}
		return frames.UDP(from, gate, discard, mark)
	})
}

// gateway6 is the gateway by IPv6: where the host has no address for its guests, by the one of its hardware address's.
func (f *fighter) gateway6() frames.Party {
	if f.gate6.IP.IsValid() {
		return f.gate6
	}
	m := f.gate.MAC
	return frames.Party{MAC: m, IP: netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 8: m[0] ^ 2, 9: m[1], 10: m[2], 11: 0xff, 12: 0xfe, 13: m[3], 14: m[4], 15: m[5]})}
}

func allowed() []attempt {
	return []attempt{
		{
			name: "control: a1 speaks to its gateway as itself", by: "a1", at: bridge, may: true,
			frames: toGate(func(l *lab) frames.Party { return l.guests["a1"].me }),
		},
		{
			name: "control: a1 speaks to the world", by: "a1", at: outside, may: true,
			frames: one(func(l *lab, mark []byte) []byte { return l.guests["a1"].through(world4, discard, mark) }),
		},
		{name: "control: the host speaks to a2, and a2 hears it", by: "host", speak: "a2", at: "a2", may: true},
	}
}

// through is a datagram to far away: the gateway carries it.
func (f *fighter) through(to string, port uint16, mark []byte) []byte {
	far := netip.MustParseAddr(to)
	from, gate := f.me, f.gate
	if far.Is6() {
		from, gate = f.me6, f.gateway6()
	}
	return frames.UDP(from, frames.Party{MAC: gate.MAC, IP: far}, port, mark)
}

func forged() []attempt {
	as := func(mac, ip func(l *lab) frames.Party) func(*lab) frames.Party {
		return func(l *lab) frames.Party { return frames.Party{MAC: mac(l).MAC, IP: ip(l).IP} }
	}
	a1 := func(l *lab) frames.Party { return l.guests["a1"].me }
	a16 := func(l *lab) frames.Party { return l.guests["a1"].me6 }
	a2 := func(l *lab) frames.Party { return l.guests["a2"].me }
	a26 := func(l *lab) frames.Party { return l.guests["a2"].me6 }
	b1 := func(l *lab) frames.Party { return l.guests["b1"].me }
	gate := func(l *lab) frames.Party { return l.guests["a1"].gate }
	nobody := func(l *lab) frames.Party {
		return frames.Party{MAC: frames.Anybody(1), IP: netip.MustParseAddr("192.0.2.66")}
	}
	return []attempt{
		{name: "a1 has a2's hardware address", by: "a1", at: bridge, frames: toGate(as(a2, a1))},
		{name: "a1 has nobody's hardware address", by: "a1", at: bridge, frames: toGate(as(nobody, a1))},
		{name: "a1 has a2's hardware address, in IPv6", by: "a1", at: bridge, frames: toGate(as(a2, a16))},
		{name: "a1 has a2's IPv4 address", by: "a1", at: bridge, frames: toGate(as(a1, a2))},
		{name: "a1 has nobody's IPv4 address", by: "a1", at: bridge, frames: toGate(as(a1, nobody))},
		{name: "a1 has the gateway's IPv4 address", by: "a1", at: bridge, frames: toGate(as(a1, gate))},
		{name: "a1 has an IPv4 address of the other tenant's", by: "a1", at: bridge, frames: toGate(as(a1, b1))},
		{name: "a1 has no IPv4 address yet, 0.0.0.0", by: "a1", at: bridge, frames: toGate(as(a1, func(*lab) frames.Party {
			return frames.Party{IP: netip.IPv4Unspecified()}
		}))},
		{name: "a1 has a2's IPv6 address", by: "a1", at: bridge, frames: toGate(as(a1, a26))},
		{name: "a1 has the gateway's IPv6 address", by: "a1", at: bridge, frames: toGate(as(a1, func(l *lab) frames.Party { return l.guests["a1"].gateway6() }))},
		{name: "a1 has nobody's IPv6 address", by: "a1", at: bridge, frames: toGate(as(a1, func(*lab) frames.Party {
			return frames.Party{IP: netip.MustParseAddr("2001:db8::66")}
		}))},
		{
			name: "b1 has both addresses of an instance that was removed", by: "b1", at: bridge,
			frames: one(func(l *lab, mark []byte) []byte { return frames.UDP(l.removed, l.guests["b1"].gate, discard, mark) }),
		},
		{
			name: "b1 has the IPv4 address of an instance that was removed", by: "b1", at: bridge,
			frames: one(func(l *lab, mark []byte) []byte {
				b1 := l.guests["b1"]
				return frames.UDP(frames.Party{MAC: b1.me.MAC, IP: l.removed.IP}, b1.gate, discard, mark)
			}),
		},
	}
}

// taught is what a guest tells others to believe.
func taught() []attempt {
	row := func(name string, at place, f func(a1, a2 *fighter, mark []byte) []byte) attempt {
		return attempt{name: name, by: "a1", at: at, frames: one(func(l *lab, mark []byte) []byte {
			return f(l.guests["a1"], l.guests["a2"], mark)
		})}
	}
	claim := func(a1 *fighter, whose frames.Party) frames.Party { return frames.Party{MAC: a1.me.MAC, IP: whose.IP} }
	return []attempt{
		row("ARP: a1 tells a2 that it is the gateway", "a2", func(a1, a2 *fighter, mark []byte) []byte {
			return frames.ARPReply(a1.me, a2.me, claim(a1, a1.gate), mark)
		}),
		row("ARP: a1 tells everybody that it is the gateway", "a2", func(a1, _ *fighter, mark []byte) []byte {
			return frames.ARPRequest(a1.me, frames.Party{MAC: frames.Broadcast().MAC, IP: a1.gate.IP}, claim(a1, a1.gate), mark)
		}),
		row("ARP: a1 tells the gateway that it is a2", bridge, func(a1, a2 *fighter, mark []byte) []byte {
			return frames.ARPReply(a1.me, a1.gate, claim(a1, a2.me), mark)
		}),
		row("ARP: a1 tells the gateway that its own address is at a2", bridge, func(a1, a2 *fighter, mark []byte) []byte {
			return frames.ARPReply(a1.me, a1.gate, frames.Party{MAC: a2.me.MAC, IP: a1.me.IP}, mark)
		}),
		row("ARP: a1 asks a2 as itself", "a2", func(a1, a2 *fighter, mark []byte) []byte {
			return frames.ARPRequest(a1.me, a2.me, a1.me, mark)
		}),
		row("NDP: a1 tells a2 that it is the gateway", "a2", func(a1, a2 *fighter, mark []byte) []byte {
			return frames.NeighbourAdvertisement(a1.me6, a2.me6, claim(a1, a1.gateway6()), mark)
		}),
		row("NDP: a1 tells everybody that it is a2", "a2", func(a1, a2 *fighter, mark []byte) []byte {
			return frames.NeighbourAdvertisement(a1.me6, frames.AllNodes(), claim(a1, a2.me6), mark)
		}),
		row("NDP: a1 tells the gateway that it is a2", bridge, func(a1, a2 *fighter, mark []byte) []byte {
			return frames.NeighbourAdvertisement(a1.me6, a1.gateway6(), claim(a1, a2.me6), mark)
		}),
		row("NDP: a1 asks the gateway as a2", bridge, func(a1, a2 *fighter, mark []byte) []byte {
			return frames.NeighbourSolicitation(claim(a1, a2.me6), a1.gateway6(), mark)
		}),
		row("NDP: a1 asks a2 as itself", "a2", func(a1, a2 *fighter, mark []byte) []byte {
			return frames.NeighbourSolicitation(a1.me6, a2.me6, mark)
		}),
		row("ICMP: a1 redirects a2 to itself, as the gateway", "a2", func(a1, a2 *fighter, mark []byte) []byte {
			return frames.Redirect(claim(a1, a1.gate), a2.me, a1.me.IP, netip.MustParseAddr(world4), mark)
		}),
		row("ICMPv6: a1 redirects a2 to itself, as the gateway", "a2", func(a1, a2 *fighter, mark []byte) []byte {
			return frames.Redirect6(claim(a1, a1.gateway6()), a2.me6, a1.me6.IP, netip.MustParseAddr(world6), mark)
		}),
	}
}

// services is what a guest offers to others.
func services() []attempt {
	row := func(name string, at place, f func(a1, a2 *fighter, mark []byte) [][]byte) attempt {
		return attempt{name: name, by: "a1", at: at, frames: func(l *lab, mark []byte) [][]byte {
			return f(l.guests["a1"], l.guests["a2"], mark)
		}}
	}
	return []attempt{
		row("a1 is a DHCP server for everybody", "a2", func(a1, a2 *fighter, mark []byte) [][]byte {
			return [][]byte{frames.DHCPOffer(a1.me, frames.Broadcast(), a2.me, mark)}
		}),
		row("a1 is a DHCPv6 server for a2", "a2", func(a1, a2 *fighter, mark []byte) [][]byte {
			return [][]byte{frames.DHCP6Advertise(a1.me6, a2.me6, mark)}
		}),
		row("a1 is a router for everybody", "a2", func(a1, _ *fighter, mark []byte) [][]byte {
			return [][]byte{frames.RouterAdvertisement(a1.me6, frames.AllNodes(), mark)}
		}),
		row("a1 is a router for the host", bridge, func(a1, _ *fighter, mark []byte) [][]byte {
			return [][]byte{frames.RouterAdvertisement(a1.me6, a1.gateway6(), mark)}
		}),
		row("a1 is a router for the host, said behind a header of options", bridge, func(a1, _ *fighter, mark []byte) [][]byte {
			return [][]byte{frames.HiddenRouterAdvertisement(a1.me6, frames.AllNodes(), mark)}
		}),
		router("a1 is a router for the host, said in two fragments", "", 16),
		router("a1 is a router for the host, and the first fragment does not say so", "the kernel throws away what begins with such a fragment", 8),
	}
}

// router is a router advertisement in two fragments, cut at so many bytes.
func router(name, never string, cut int) attempt {
	return attempt{name: name, by: "a1", at: bridge, rounds: 1, never: never, frames: func(l *lab, mark []byte) (all [][]byte) {
		for id := range uint32(rounds) {
			all = append(all, frames.FragmentedRouterAdvertisement(l.guests["a1"].me6, frames.AllNodes(), cut, 300+id, mark)...)
		}
		return all
	}}
}

func wrapped() []attempt {
	row := func(name string, at place, kinds ...uint16) attempt {
		return attempt{name: name, by: "a1", at: at, frames: one(func(l *lab, mark []byte) []byte {
			a1 := l.guests["a1"]
			return frames.Tagged(frames.UDP(frames.Party{MAC: a1.me.MAC, IP: l.guests["a2"].me.IP}, l.guests["a2"].me, discard, mark), kinds...)
		})}
	}
	return []attempt{
		row("a2's IPv4 address in a VLAN tag (802.1Q)", bridge, 1),
		row("a2's IPv4 address in two VLAN tags (802.1ad)", bridge, 1, 2),
		row("a2 is spoken to in a VLAN tag, priority only", "a2", 0),
		{name: "a kind of frame that nobody asked for", by: "a1", at: bridge, frames: one(func(l *lab, mark []byte) []byte {
			return frames.Strange(l.guests["a1"].me, frames.Broadcast(), 0x88b5, mark)
		})},
	}
}

// neighbours is what instances have of each other, the same tenant's and another's.
func neighbours(l *lab) []attempt {
	apart := ""
	if l.guests["a1"].bridge != l.guests["b1"].bridge {
		apart = "the tenants are on two wires"
	}
	return []attempt{
		{name: "a1 speaks to a2 on the wire", by: "a1", at: "a2", frames: one(func(l *lab, mark []byte) []byte {
			return frames.UDP(l.guests["a1"].me, l.guests["a2"].me, 22, mark)
		})},
		{name: "a1 speaks to a2 on the wire, in IPv6", by: "a1", at: "a2", frames: one(func(l *lab, mark []byte) []byte {
			return frames.UDP(l.guests["a1"].me6, l.guests["a2"].me6, 22, mark)
		})},
		{name: "a1 opens a connection to a2 by way of the host", by: "a1", at: "a2", frames: one(func(l *lab, mark []byte) []byte {
			a1 := l.guests["a1"]
			return frames.SYN(a1.me, frames.Party{MAC: a1.gate.MAC, IP: l.guests["a2"].me.IP}, 22, mark)
		})},
		{name: "a1 speaks to everybody", by: "a1", at: "a2", frames: one(func(l *lab, mark []byte) []byte {
			return frames.UDP(l.guests["a1"].me, frames.Broadcast(), discard, mark)
		})},
		{name: "a1 speaks to the other tenant's b1 on the wire", by: "a1", at: "b1", never: apart, frames: one(func(l *lab, mark []byte) []byte {
			return frames.UDP(l.guests["a1"].me, l.guests["b1"].me, 22, mark)
		})},
		{name: "a1 opens a connection to the other tenant's b1 by way of the host", by: "a1", at: "b1", frames: one(func(l *lab, mark []byte) []byte {
			a1 := l.guests["a1"]
			return frames.SYN(a1.me, frames.Party{MAC: a1.gate.MAC, IP: l.guests["b1"].me.IP}, 22, mark)
		})},
		{name: "a1 speaks to the other tenant's b1 by way of the host", by: "a1", at: "b1", frames: one(func(l *lab, mark []byte) []byte {
			return l.guests["a1"].through(l.guests["b1"].me.IP.String(), 53, mark)
		})},
		{name: "a1 speaks to the other tenant's b1 by way of the host, in IPv6", by: "a1", at: "b1", never: linkLocal(l), frames: one(func(l *lab, mark []byte) []byte {
			return l.guests["a1"].through(l.guests["b1"].me6.IP.String(), 53, mark)
		})},
		{name: "a1 listens to what the host sends to a2", by: "host", speak: "a2", at: "a1"},
	}
}

// linkLocal: an address that is good on one wire only is never carried to another.
func linkLocal(l *lab) string {
	if l.guests["b1"].me6.IP.IsLinkLocalUnicast() {
		return "the guests have no IPv6 address that can be routed"
	}
	return ""
}

// onHost is what a guest wants of the host's own services.
func onHost() []attempt {
	udp := func(f func(l *lab, from *fighter, mark []byte) [][]byte) func(*lab, []byte) [][]byte {
		return func(l *lab, mark []byte) [][]byte { return f(l, l.guests["a1"], mark) }
	}
	scan := func(to func(l *lab) netip.Addr) func(*lab) []netip.AddrPort {
		return func(l *lab) (doors []netip.AddrPort) {
			for _, port := range []uint16{22, 25, 53, 80, 111, 443, 2049, 2379, 5900, 6443, 8080, 16509, 16514, 49152, l.heard.tcp} {
				doors = append(doors, netip.AddrPortFrom(to(l), port))
			}
			return doors
		}
	}
	return []attempt{
		{name: "a1 scans the host's TCP ports", by: "a1", at: host, knocks: scan(func(l *lab) netip.Addr { return l.guests["a1"].gate.IP })},
		{name: "a1 scans the host's TCP ports, in IPv6", by: "a1", at: host, knocks: scan(func(l *lab) netip.Addr {
			to := l.guests["a1"].gateway6().IP
			if to.IsLinkLocalUnicast() {
				to = to.WithZone("eth0")
			}
			return to
		})},
		{
			name: "a1 scans the host's TCP ports at an address of the other tenant's network", by: "a1", at: host,
			knocks: scan(func(l *lab) netip.Addr { return l.guests["b1"].gate.IP }),
		},
		{
			name: "a1 scans the host's TCP ports at its address to the world", by: "a1", at: host,
			knocks: scan(func(*lab) netip.Addr { return netip.MustParsePrefix(outside4).Addr() }),
		},
		{name: "a1 speaks to a UDP port of the host", by: "a1", at: host, frames: udp(func(l *lab, a1 *fighter, mark []byte) [][]byte {
			return [][]byte{frames.UDP(a1.me, a1.gate, l.heard.udp, mark)}
		})},
		{name: "a1 speaks to a UDP port of the host, in IPv6", by: "a1", at: host, frames: udp(func(l *lab, a1 *fighter, mark []byte) [][]byte {
			return [][]byte{frames.UDP(a1.me6, a1.gateway6(), l.heard.udp, mark)}
		})},
		{name: "a1 speaks to a UDP port of the host, in fragments", by: "a1", at: host, rounds: 1, frames: udp(func(l *lab, a1 *fighter, mark []byte) [][]byte {
			var all [][]byte
			for id := range uint32(rounds) {
				all = append(all, frames.Fragments(a1.me, a1.gate, l.heard.udp, 100+id, mark)...)
			}
			return all
		})},
		{
			name: "a1 speaks to a UDP port of the host, in fragments that write over each other", by: "a1", at: host, rounds: 1,
			never: "the kernel throws away fragments that overlap",
			frames: udp(func(l *lab, a1 *fighter, mark []byte) [][]byte {
				var all [][]byte
				for id := range uint32(rounds) {
					all = append(all, frames.Overlapping(a1.me, a1.gate, 53, l.heard.udp, 200+id, mark)...)
				}
				return all
			}),
		},
	}
}

// beyond is what the host would carry to elsewhere.
func beyond() []attempt {
	to := func(address string) func(*lab, []byte) [][]byte {
		return one(func(l *lab, mark []byte) []byte { return l.guests["a1"].through(address, 80, mark) })
	}
	return []attempt{
		{name: "a1 asks the cloud's metadata, " + metadata4, by: "a1", at: outside, frames: to(metadata4)},
		{name: "a1 asks the cloud's metadata, " + metadata6, by: "a1", at: outside, frames: to(metadata6)},
		{name: "a1 asks Alibaba's metadata, " + alibaba4, by: "a1", at: outside, frames: to(alibaba4)},
		{name: "a1 asks Azure's WireServer, " + azure4, by: "a1", at: outside, frames: to(azure4)},
		{name: "a1 asks the cloud's metadata by a translator, " + mapped6, by: "a1", at: outside, frames: to(mapped6)},
		{name: "a1 connects to the cloud's metadata as the other tenant", by: "a1", at: outside, frames: one(func(l *lab, mark []byte) []byte {
			a1 := l.guests["a1"]
			return frames.SYN(frames.Party{MAC: a1.me.MAC, IP: l.guests["b1"].me.IP}, frames.Party{MAC: a1.gate.MAC, IP: netip.MustParseAddr(metadata4)}, 80, mark)
		})},
	}
}

// strangers end a flow of somebody else's by saying that nobody listens there. The numbers of the flow it has guessed.
func strangers() []attempt {
	// Two flows to one place have two ports of the host's: each victim's goes to another.
	ports := map[string]uint16{"a2": 33, "b1": 34}
	row := func(name, whose string, six bool) attempt {
		to, host, port := world4, outside4, ports[whose]
		if six {
			to, host = world6, outside6
		}
		return attempt{
			name: name, by: "a1", at: place(whose),
			first: func(l *lab) (string, []byte) { return whose, l.guests[whose].through(to, port, []byte("?")) },
			frames: one(func(l *lab, mark []byte) []byte {
				a1, here := l.guests["a1"], netip.MustParsePrefix(host).Addr()
				from, gate := a1.me, a1.gate
				if six {
					from, gate = a1.me6, a1.gateway6()
				}
				return frames.Unreachable(from, frames.Party{MAC: gate.MAC, IP: here}, here, netip.MustParseAddr(to), port, mark)
			}),
		}
	}
	return []attempt{
		row("a1 says to the other tenant's b1 that nobody listens in the world", "b1", false),
		row("a1 says to the other tenant's b1 that nobody listens in the world, in IPv6", "b1", true),
		row("a1 says to its sibling a2 that nobody listens in the world", "a2", false),
		row("a1 says to its sibling a2 that nobody listens in the world, in IPv6", "a2", true),
	}
}

// many is what a guest does to the bridge itself. The spanning tree comes last: what it changes stays for a while. A bridge
// that takes no part in one takes its frames for any others.
func many(l *lab) []attempt {
	root := tree
	if !l.guests["a1"].spans {
		root = bridge
	}
	return []attempt{
		{name: "a1 floods everybody", by: "a1", at: "a2", rounds: 2000, frames: one(func(l *lab, mark []byte) []byte {
			return frames.UDP(l.guests["a1"].me, frames.Broadcast(), discard, mark)
		})},
		{name: "a1 fills the bridge's table with hardware addresses", by: "a1", at: bridge, rounds: 1, frames: func(l *lab, mark []byte) (all [][]byte) {
			for n := range 500 {
				all = append(all, frames.UDP(frames.Party{MAC: frames.Anybody(n), IP: l.guests["a1"].me.IP}, l.guests["a1"].gate, discard, mark))
			}
			return all
		}},
		{name: "a1 is the root of the spanning tree", by: "a1", at: root, frames: one(func(l *lab, mark []byte) []byte {
			return frames.RootBridge(frames.Party{MAC: l.guests["a1"].me.MAC}, mark)
		})},
		{name: "a1 listens to what the host sends to a2, after that", by: "host", speak: "a2", at: "a1"},
	}
}
