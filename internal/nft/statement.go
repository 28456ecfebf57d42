package nft

import (
	"encoding/json"
	"net/netip"
)

// Statement is one of its fields.
type Statement struct {
	Match       *Match          `json:"match,omitempty"`
	Limit       *Limit          `json:"limit,omitempty"`
	Connections *Connections    `json:"ct count,omitempty"`
	Counter     string          `json:"counter,omitempty"`
	Translate   *Translation    `json:"dnat,omitempty"`
	Masquerade  json.RawMessage `json:"masquerade,omitempty"`
	Accept      json.RawMessage `json:"accept,omitempty"`
	Drop        json.RawMessage `json:"drop,omitempty"`
}

// Match compares a property with an operand.
type Match struct {
	Operator string   `json:"op"`
	Left     Property `json:"left"`
	Right    Operand  `json:"right"`
}

// Property is one of its fields: something of the packet or of its connection.
type Property struct {
	Meta       *Key     `json:"meta,omitempty"`
	Connection *Key     `json:"ct,omitempty"`
	Route      *Route   `json:"fib,omitempty"`
	Payload    *Payload `json:"payload,omitempty"`
	// Both are two properties that are compared together.
	Both []Property `json:"concat,omitempty"`
}

// Key names a property; Direction says of which half of a connection.
type Key struct {
	Key       string `json:"key"`
	Direction string `json:"dir,omitempty"`
}

// Route is what the routing table says of a packet.
type Route struct {
	Result string   `json:"result"`
	Flags  []string `json:"flags"`
}

// Payload is a field of a header, by its name or by where it lies, in bits.
type Payload struct {
	Protocol string `json:"protocol,omitempty"`
	Field    string `json:"field,omitempty"`
	Base     string `json:"base,omitempty"`
	Offset   int    `json:"offset,omitempty"`
	Length   int    `json:"len,omitempty"`
}

// Limit applies to as many packets as it says, or to those beyond.
type Limit struct {
	Rate   int    `json:"rate"`
	Per    string `json:"per"`
	Burst  int    `json:"burst"`
	Beyond bool   `json:"inv,omitempty"`
	// What is counted: packets when they are "", else "bytes".
	Unit      string `json:"rate_unit,omitempty"`
	BurstUnit string `json:"burst_unit,omitempty"`
}

// Connections applies when there are more connections than it says.
type Connections struct {
	Most   int  `json:"val"`
	Beyond bool `json:"inv"`
}

// Translation sends a packet elsewhere.
type Translation struct {
	Family  string `json:"family"`
	Address string `json:"addr"`
	Port    uint16 `json:"port"`
}

// Accept lets a packet through, as far as this chain goes.
func Accept() Statement { return Statement{Accept: null} }

// Drop ends a packet.
func Drop() Statement { return Statement{Drop: null} }

// Count sends a packet past a counter of the table.
func Count(counter string) Statement { return Statement{Counter: counter} }

// Masquerade gives a packet the address of the interface at which it leaves.
func Masquerade() Statement { return Statement{Masquerade: null} }

// SendTo sends a packet to another address and port.
func SendTo(to netip.AddrPort) Statement {
	family := "ip"
	if to.Addr().Is6() {
		family = "ip6"
	}
	return Statement{Translate: &Translation{Family: family, Address: to.Addr().String(), Port: to.Port()}}
}

// Incoming is the name of the interface at which a packet came in.
func Incoming() Property { return Property{Meta: &Key{Key: "iifname"}} }

// Outgoing is the name of the interface at which a packet leaves.
func Outgoing() Property { return Property{Meta: &Key{Key: "oifname"}} }

// OutgoingKind is what that interface is: "bridge", "veth", …; "" is a card.
func OutgoingKind() Property { return Property{Meta: &Key{Key: "oifkind"}} }

// Protocol is the kind of packet: "ip", "ipv6".
func Protocol() Property { return Property{Meta: &Key{Key: "nfproto"}} }

// Audience is whether a frame is for one or for many.
func Audience() Property { return Property{Meta: &Key{Key: "pkttype"}} }

// Status is what was done to a packet's connection.
func Status() Property { return Property{Connection: &Key{Key: "status"}} }

// Destination is the kind of address that a packet is for: "local" is one of this machine.
func Destination() Property {
	return Property{Route: &Route{Result: "type", Flags: []string{"daddr"}}}
}

// NeighborTarget is the address of which a neighbour solicitation or advertisement speaks. It is named by its place,
// as nft has no word for it before 1.0.8.
func NeighborTarget() Property {
	return Property{Payload: &Payload{Base: "th", Offset: 64, Length: 128}}
}

// State is that of a packet's connection.
func State() Property { return Property{Connection: &Key{Key: "state"}} }

// Direction is "original" for packets that go as a connection's first one did, and "reply" for those that come back.
func Direction() Property { return Property{Connection: &Key{Key: "direction"}} }

// Sender is the address from which one half of a packet's connection, "original" or "reply", comes. Family is "ip" or "ip6"; it
// is that of no connection of the other.
func Sender(family, direction string) Property {
	return Property{Connection: &Key{Key: family + " saddr", Direction: direction}}
}

// Field is one of a header.
func Field(protocol, name string) Property {
	return Property{Payload: &Payload{Protocol: protocol, Field: name}}
}

// Is compares a property with one value or with each of several.
func Is(operator string, left Property, values ...string) Statement {
	return Statement{Match: &Match{Operator: operator, Left: left, Right: Operand{Values: values}}}
}

// Within compares an address with a network.
func Within(operator string, left Property, net netip.Prefix) Statement {
	return Statement{Match: &Match{
		Operator: operator, Left: left,
		Right: Operand{Prefix: &Prefix{Address: net.Addr().String(), Length: net.Bits()}},
	}}
}

// WithinAny compares an address with networks, none of which may be within another.
func WithinAny(operator string, left Property, nets []netip.Prefix) Statement {
	var o Operand
	for _, net := range nets {
		o.Prefixes = append(o.Prefixes, Prefix{Address: net.Addr().String(), Length: net.Bits()})
	}
	return Statement{Match: &Match{Operator: operator, Left: left, Right: o}}
}

// BothAre compares two properties together with values that both of them may have.
func BothAre(operator string, one, two Property, values ...string) Statement {
	var o Operand
	for _, v := range values {
		o.Twice = append(o.Twice, pair{v, v})
	}
	return Statement{Match: &Match{Operator: operator, Left: Property{Both: []Property{one, two}}, Right: o}}
}

// AtMost lets so many packets a second through, and twice as many at once.
func AtMost(rate int) Statement {
	return Statement{Limit: &Limit{Rate: rate, Per: "second", Burst: 2 * rate}}
}

// Beyond applies to packets beyond so many a second, and twice as many at once.
func Beyond(rate int) Statement {
	return Statement{Limit: &Limit{Rate: rate, Per: "second", Burst: 2 * rate, Beyond: true}}
}

// BeyondBytes applies to what goes beyond so many bytes a second, and burst at once.
func BeyondBytes(rate, burst int) Statement {
	return Statement{Limit: &Limit{Rate: rate, Per: "second", Burst: burst, Beyond: true, Unit: bytes, BurstUnit: bytes}}
}

const bytes = "bytes"

// MoreConnections applies to the packet that would begin one more than most.
func MoreConnections(most int) Statement {
	return Statement{Connections: &Connections{Most: most, Beyond: true}}
}
