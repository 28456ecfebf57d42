package profiles

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
)

// ruleset is a document of libnftables-json(5) as far as holm uses it.
type ruleset struct {
	Commands []command `json:"nftables"`
}

// command is one of its fields.
type command struct {
	Flush *flush  `json:"flush,omitempty"`
	Add   *object `json:"add,omitempty"`
}

type flush struct {
	Ruleset json.RawMessage `json:"ruleset"`
}

// object is one of its fields.
type object struct {
	Table *table `json:"table,omitempty"`
	Chain *chain `json:"chain,omitempty"`
	Rule  *rule  `json:"rule,omitempty"`
}

type table struct {
	Family string `json:"family"`
	Name   string `json:"name"`
}

// chain hangs at a hook of the kernel; Policy is what happens to a packet that no rule decides.
type chain struct {
	Family   string `json:"family"`
	Table    string `json:"table"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Hook     string `json:"hook"`
	Priority int    `json:"prio"`
	Policy   string `json:"policy"`
}

type rule struct {
	Family     string      `json:"family"`
	Table      string      `json:"table"`
	Chain      string      `json:"chain"`
	Statements []statement `json:"expr"`
}

// statement is one of its fields. A rule's statements hold one after the other until one does not apply.
type statement struct {
	Match  *match          `json:"match,omitempty"`
	Limit  *limit          `json:"limit,omitempty"`
	Accept json.RawMessage `json:"accept,omitempty"`
	Drop   json.RawMessage `json:"drop,omitempty"`
}

type match struct {
	Operator string   `json:"op"`
	Left     property `json:"left"`
	Right    operand  `json:"right"`
}

// property is one of its fields: something of the packet or of its connection.
type property struct {
	Meta       *key     `json:"meta,omitempty"`
	Connection *key     `json:"ct,omitempty"`
	Payload    *payload `json:"payload,omitempty"`
}

type key struct {
	Key string `json:"key"`
}

type payload struct {
	Protocol string `json:"protocol"`
	Field    string `json:"field"`
}

type limit struct {
	Rate  int    `json:"rate"`
	Per   string `json:"per"`
	Burst int    `json:"burst"` // packets
}

// null is the value of a statement that has none.
var null = json.RawMessage("null")

var (
	accept = statement{Accept: null}
	drop   = statement{Drop: null}
)

func incoming() property { return property{Meta: &key{Key: "iifname"}} }
func state() property    { return property{Connection: &key{Key: "state"}} }

func field(protocol, name string) property {
	return property{Payload: &payload{Protocol: protocol, Field: name}}
}

// is compares a property with one value or with each of several.
func is(operator string, left property, values ...string) statement {
	return statement{Match: &match{Operator: operator, Left: left, Right: operand{Values: values}}}
}

// from matches what comes from a network.
func from(net netip.Prefix) statement {
	return statement{Match: &match{
		Operator: "==", Left: field("ip", "saddr"),
		Right: operand{Prefix: &prefix{Address: net.Addr().String(), Length: net.Bits()}},
	}}
}

// atMost lets so many packets a second through, and twice as many at once.
func atMost(rate int) statement {
	return statement{Limit: &limit{Rate: rate, Per: "second", Burst: 2 * rate}}
}

func (r *ruleset) add(c command) { r.Commands = append(r.Commands, c) }

func (r *ruleset) rule(chain string, statements ...statement) {
	r.add(command{Add: &object{Rule: &rule{
		Family: tableFamily, Table: tableName, Chain: chain, Statements: statements,
	}}})
}

// operand is what a property is compared with: values by name or number, or a network.
type operand struct {
	Values []string
	Prefix *prefix
}

type prefix struct {
	Address string `json:"addr"`
	Length  int    `json:"len"`
}

// composite is how an operand of more than one word is written: one of its fields.
type composite struct {
	Set    []string `json:"set,omitempty"`
	Prefix *prefix  `json:"prefix,omitempty"`
}

// MarshalJSON writes one value as itself and several as a set. Nothing to compare with is an error.
func (o operand) MarshalJSON() ([]byte, error) {
	if o.Prefix == nil && len(o.Values) == 0 {
		return nil, errors.New("a rule compares with nothing")
	}
	if o.Prefix == nil && len(o.Values) == 1 {
		return json.Marshal(o.Values[0])
	}
	return json.Marshal(composite{Set: o.Values, Prefix: o.Prefix})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (o *operand) UnmarshalJSON(text []byte) error {
	var word string
	if json.Unmarshal(text, &word) == nil {
		*o = operand{Values: []string{word}}
		return nil
	}
	var c composite
	if err := json.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("neither a value nor a set nor a network: %w", err)
	}
	*o = operand{Values: c.Set, Prefix: c.Prefix}
	return nil
}
