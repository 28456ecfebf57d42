package network

import (
	"encoding/hex"
	"net/netip"
	"strconv"

	"holm/internal/nft"
	"holm/provisioner/model"
)

// The counters of a network's tables, by what they count: frames and packets that went no further.
const (
	CountHost       = "host-closed"     // to a service of the host's
	CountLoopback   = "loopback"        // to an address of the host's loopback
	CountMetadata   = "metadata"        // to an address at which clouds answer with credentials
	CountSpoofed    = "spoofed"         // from an address that is not of the network
	CountNeighbours = "neighbours"      // from one instance to another, by way of the host
	CountUninvited  = "uninvited"       // into the network, and nobody inside had asked
	CountEgress     = "egress-closed"   // out of the network, to where the tenant may not
	CountCrowded    = "too-many-flows"  // the tenant has as many connections as the host follows for it
	CountForeign    = "foreign-errors"  // from an instance, about a connection that is not its own
	CountForged     = "forged-neighbor" // an IPv6 neighbour claims what is not its own
	CountFlood      = "flood"           // more broadcasts than an instance may send
	CountRate       = "over-rate"       // more than an instance may send or be sent
)

// Limits of what a guest may ask of the host.
const (
	maxPings      = 10  // a second, to the host
	maxBroadcasts = 200 // frames a second, of each instance
)

// loopback are the addresses at which a machine speaks to itself; localhost is the one by which people do.
var (
	loopback  = netip.MustParsePrefix("127.0.0.0/8")
	localhost = netip.MustParsePrefix("127.0.0.1/32")
)

// Guest is an instance in a network, as the rules know it.
type Guest struct {
	MAC      string
	Address  netip.Addr
	Address6 netip.Addr // zero when it has none
	Exposed  []model.Port
	Mbit     int // the most that it may send, and the most that it may be sent, in 10^6 bits a second; 0 is no limit
}

// Tables are the names of the network's tables: one for packets, one for frames.
func (n Network) Tables() []nft.Table {
	return []nft.Table{{Family: "inet", Name: "holm." + n.Bridge}, {Family: "bridge", Name: "holm." + n.Bridge}}
}

// Removal is the ruleset that takes the network's rules away, whether they are there or not.
func (n Network) Removal() nft.Ruleset {
	var r nft.Ruleset
	for _, t := range n.Tables() {
		r.Table(t)
		r.Delete(t)
	}
	return r
}

// Rules are what holds between the network, the host and the world, as a whole: they replace what was there. They do
// not depend on anybody else's: what is dropped here is dropped, and what is accepted here others may still drop.
func (n Network) Rules(guests []Guest) nft.Ruleset {
	tables := n.Tables()
	w := &writer{n: n, table: tables[0]}
	w.Replace(w.table)
	for _, name := range []string{
		CountHost, CountLoopback, CountMetadata, CountSpoofed, CountNeighbours, CountUninvited, CountEgress,
		CountCrowded, CountForeign,
	} {
		w.Counter(w.table, name)
	}
	w.first()
	w.toHost(guests)
	w.through(guests)
	w.expose(guests)
	w.out()

	w.table = tables[1]
	w.Replace(w.table)
	for _, name := range []string{CountForged, CountFlood, CountRate} {
		w.Counter(w.table, name)
	}
	w.frames(guests)
	return w.Ruleset
}

// writer adds the rules of one network.
type writer struct {
	nft.Ruleset
	n     Network
	table nft.Table
}

func (w *writer) chain(name, kind, hook string, priority int) func(...nft.Statement) {
	w.Chain(w.table, nft.Chain{Name: name, Type: kind, Hook: hook, Priority: priority, Policy: "accept"})
	return func(statements ...nft.Statement) { w.Rule(w.table, name, statements...) }
}

func (w *writer) from() nft.Statement     { return nft.Is("==", nft.Incoming(), w.n.Bridge) }
func (w *writer) fromElse() nft.Statement { return nft.Is("!=", nft.Incoming(), w.n.Bridge) }
func (w *writer) to() nft.Statement       { return nft.Is("==", nft.Outgoing(), w.n.Bridge) }
func (w *writer) toElse() nft.Statement   { return nft.Is("!=", nft.Outgoing(), w.n.Bridge) }

func related() nft.Statement { return nft.Is("in", nft.State(), "related") }

// answers are the statements about a packet of a connection that somebody else has begun, or an error about what was sent to them.
func answers() []nft.Statement {
	return []nft.Statement{nft.Is("in", nft.State(), "established", "related"), nft.Is("==", nft.Direction(), "reply")}
}

// first is what needs no knowledge of connections: sources and destinations that there never are.
func (w *writer) first() {
	rule := w.chain("first", "filter", "prerouting", -300)
	rule(w.fromElse(), nft.Accept())
	// For the host's own sake the kernel may route 127.0.0.1 at this bridge (settle.go). What a guest writes there ends here,
	// before connections are looked up: an answer still bears the gateway's address at this place.
	rule(nft.Within("==", nft.Field("ip", "daddr"), loopback), nft.Count(CountLoopback), nft.Drop())
	v4, v6 := w.n.metadata()
	rule(nft.WithinAny("==", nft.Field("ip", "daddr"), v4), nft.Count(CountMetadata), nft.Drop())
	rule(nft.WithinAny("==", nft.Field("ip6", "daddr"), v6), nft.Count(CountMetadata), nft.Drop())
	rule(nft.Within("!=", nft.Field("ip", "saddr"), w.n.Subnet), nft.Count(CountSpoofed), nft.Drop())
	rule(nft.Within("==", nft.Field("ip6", "saddr"), netip.MustParsePrefix("fe80::/10")), nft.Accept())
	if w.n.Subnet6.IsValid() {
		rule(nft.Within("==", nft.Field("ip6", "saddr"), w.n.Subnet6), nft.Accept())
	}
	rule(nft.Is("==", nft.Protocol(), "ipv6"), nft.Count(CountSpoofed), nft.Drop())
}

// errors ends what an instance says about a connection that is not its own: whoever guesses four numbers could end a
// neighbour's, or the host's. An error has the sender's own address, and the connection has that on one of its sides.
func (w *writer) errors(rule func(...nft.Statement), guests []Guest) {
	var four, six []string
	for _, g := range guests {
		four = append(four, g.Address.String())
		if g.Address6.IsValid() {
			six = append(six, g.Address6.String())
		}
	}
	for _, of := range []struct {
		family string
		own    []string
	}{{"ip", four}, {"ip6", six}} {
		says := nft.Field(of.family, "saddr")
		if len(of.own) == 0 {
			rule(w.from(), related(), nft.Is("==", nft.Protocol(), protocol(of.family)), nft.Count(CountForeign), nft.Drop())
			continue
		}
		rule(w.from(), related(), nft.BothAre("!=", says, nft.Sender(of.family, "original"), of.own...),
			nft.BothAre("!=", says, nft.Sender(of.family, "reply"), of.own...), nft.Count(CountForeign), nft.Drop())
	}
}

// toHost closes the host's services. What holm offers there is a sign of life, and answers to what the host has begun.
func (w *writer) toHost(guests []Guest) {
	rule := w.chain("to-host", "filter", "input", -10)
	rule(w.fromElse(), nft.Accept())
	w.errors(rule, guests)
	rule(append(answers(), nft.Accept())...)
	rule(nft.Is("==", nft.Field("icmp", "type"), "echo-request"), nft.AtMost(maxPings), nft.Accept())
	rule(nft.Is("==", nft.Field("icmpv6", "type"), "echo-request"), nft.AtMost(maxPings), nft.Accept())
	rule(nft.Is("==", nft.Field("icmpv6", "type"), "nd-neighbor-solicit", "nd-neighbor-advert"), nft.Accept())
	rule(nft.Count(CountHost), nft.Drop())
}

// through is for what the host passes on. Each network decides for itself who comes in, so that two tenants are apart
// whatever the other one's rules say. No connection is let through because it was once: what goes the way of its first packet is
// held to the rules as they are now, and only answers follow what was let through.
func (w *writer) through(guests []Guest) {
	rule := w.chain("through", "filter", "forward", -10)
	w.errors(rule, guests)
	// To a published port by an address of the host's, and back: the chain "expose" has said who may.
	rule(w.from(), w.to(), nft.Is("in", nft.Status(), "dnat"), nft.Accept())
	if w.n.Internal {
		rule(w.from(), w.to(), nft.Accept())
	} else {
		rule(w.from(), w.to(), nft.Count(CountNeighbours), nft.Drop())
	}
	rule(append([]nft.Statement{w.to()}, append(answers(), nft.Accept())...)...)
	rule(w.to(), nft.Is("in", nft.Status(), "dnat"), nft.Accept())
	rule(w.to(), nft.Count(CountUninvited), nft.Drop())
	rule(w.fromElse(), nft.Accept())
	rule(append(answers(), nft.Accept())...)
	rule(nft.Is("in", nft.State(), "new"), nft.MoreConnections(w.n.flows()), nft.Count(CountCrowded), nft.Drop())
	if !w.n.Egress.Closed {
		return
	}
	for _, p := range w.n.Egress.Only {
		rule(nft.Within("==", nft.Field(family(p.Addr()), "daddr"), p), nft.Accept())
	}
	rule(nft.Count(CountEgress), nft.Drop())
}

// expose publishes ports: to who comes from elsewhere, to the host itself, at its 127.0.0.1 too, and to those inside who may
// speak to the instance, which are itself and, in an internal network, its siblings. Whoever is outside may come, and so
// may another tenant's instance, as far as its own network lets it out. ::1 cannot be had: the kernel sends nothing from it.
func (w *writer) expose(guests []Guest) {
	came := w.chain("expose", "nat", "prerouting", -100)
	here := w.chain("expose-here", "nat", "output", -100)
	here(nft.Within("==", nft.Field("ip", "daddr"), loopback), nft.Within("!=", nft.Field("ip", "daddr"), localhost), nft.Accept())
	here(nft.Within("==", nft.Field("ip6", "daddr"), netip.MustParsePrefix("::1/128")), nft.Accept())
	for _, g := range guests {
		for _, p := range g.Exposed {
			for _, to := range []netip.Addr{g.Address, g.Address6} {
				if !to.IsValid() {
					continue
				}
				send := []nft.Statement{
					nft.Is("==", nft.Destination(), "local"), nft.Is("==", nft.Field(p.Protocol, "dport"), number16(p.Host)),
					nft.SendTo(netip.AddrPortFrom(to, p.Guest)),
				}
				here(send...)
				if w.n.Internal {
					came(send...)
					continue
				}
				came(append([]nft.Statement{w.fromElse()}, send...)...)
				itself := nft.Within("==", nft.Field(family(to), "saddr"), netip.PrefixFrom(to, to.BitLen()))
				came(append([]nft.Statement{w.from(), itself}, send...)...)
			}
		}
	}
}

// out gives what leaves the network the host's address. What comes in from there by a published port, or from the host's
// 127.0.0.1, gets the gateway's: its answer has to come back through the host. Another network of this host's sees who comes: as
// the gateway it could not tell the tenant from the host.
func (w *writer) out() {
	rule := w.chain("out", "nat", "postrouting", 100)
	published := nft.Is("in", nft.Status(), "dnat")
	rule(nft.Within("==", nft.Field("ip", "saddr"), localhost), w.to(), published, nft.Masquerade())
	from := func(net netip.Prefix) {
		own := nft.Within("==", nft.Field(family(net.Addr()), "saddr"), net)
		for _, world := range w.toWorld() {
			rule(append([]nft.Statement{own}, append(world, nft.Masquerade())...)...)
		}
		rule(own, w.to(), published, nft.Masquerade())
	}
	from(w.n.Subnet)
	if w.n.Subnet6.IsValid() {
		from(w.n.Subnet6)
	}
}

// toWorld is out by no bridge of holm's: by what is not named as one, or is named so and is no bridge.
func (w *writer) toWorld() [][]nft.Statement {
	const named = bridgePrefix + "*"
	other := []nft.Statement{w.toElse(), nft.Is("!=", nft.Outgoing(), named)}
	if w.n.Beside != "" {
		other = append(other, nft.Is("!=", nft.Outgoing(), w.n.Beside))
	}
	return [][]nft.Statement{other, {w.toElse(), nft.Is("==", nft.Outgoing(), named), nft.Is("!=", nft.OutgoingKind(), "bridge")}}
}

// frames is what libvirt's filter cannot say. It goes by the hardware address, which that filter has held to the
// instance's own before.
func (w *writer) frames(guests []Guest) {
	rule := w.chain("frames", "filter", "prerouting", -200)
	for _, g := range guests {
		own := nft.Is("==", nft.Field("ether", "saddr"), g.MAC)
		if local, err := LinkLocal(g.MAC); err == nil {
			mine := []string{hexadecimal(local)}
			if g.Address6.IsValid() {
				mine = append(mine, hexadecimal(g.Address6))
			}
			rule(own, nft.Is("==", nft.Field("icmpv6", "type"), "nd-neighbor-advert"), nft.Is("!=", nft.NeighborTarget(), mine...),
				nft.Count(CountForged), nft.Drop())
		}
		rule(own, nft.Is("==", nft.Audience(), "broadcast", "multicast"), nft.Beyond(maxBroadcasts), nft.Count(CountFlood), nft.Drop())
		if g.Mbit > 0 {
			rule(own, beyond(g.Mbit), nft.Count(CountRate), nft.Drop())
		}
	}
	towards := w.chain("towards", "filter", "postrouting", -200)
	for _, g := range guests {
		if g.Mbit > 0 {
			towards(nft.Is("==", nft.Field("ether", "daddr"), g.MAC), beyond(g.Mbit), nft.Count(CountRate), nft.Drop())
		}
	}
}

// beyond drops what comes faster: no queue, of which not every kernel has one, and TCP finds its pace. Who was silent may
// catch up on a second, the kernel's own measure, and on what a guest hands over in one piece.
func beyond(mbit int) nft.Statement {
	const (
		bytesOfMbit = 1_000_000 / 8
		piece       = 256 << 10
	)
	return nft.BeyondBytes(mbit*bytesOfMbit, piece)
}

func family(a netip.Addr) string {
	if a.Is4() {
		return "ip"
	}
	return "ip6"
}

// protocol is how nft calls the packets of a family where it does not name a field.
func protocol(family string) string {
	if family == "ip" {
		return "ipv4"
	}
	return "ipv6"
}

func number16(n uint16) string { return strconv.FormatUint(uint64(n), 10) }

// hexadecimal is how nft compares with an address that it does not know as one.
func hexadecimal(a netip.Addr) string {
	b := a.As16()
	return "0x" + hex.EncodeToString(b[:])
}
