package nft

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Operand is what a property is compared with, one of its fields: values by name or number, a network, several networks, or pairs
// of values.
type Operand struct {
	Values   []string
	Prefix   *Prefix
	Prefixes []Prefix
	Twice    []pair
}

// Prefix is a network.
type Prefix struct {
	Address string `json:"addr"`
	Length  int    `json:"len"`
}

// pair is what two properties are compared with together.
type pair [2]string

// member is one of a set: a word, a network or a pair.
type member struct {
	Word   string  `json:"-"`
	Prefix *Prefix `json:"prefix,omitempty"`
	Pair   *pair   `json:"concat,omitempty"`
}

// MarshalJSON writes a word as itself.
func (m member) MarshalJSON() ([]byte, error) {
	type plain member
	if m.Word != "" {
		return json.Marshal(m.Word)
	}
	return json.Marshal(plain(m))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *member) UnmarshalJSON(text []byte) error {
	type plain member
	if json.Unmarshal(text, &m.Word) == nil {
		return nil
	}
	return json.Unmarshal(text, (*plain)(m))
}

// composite is how an operand of more than one word is written: one of its fields.
type composite struct {
	Set    []member `json:"set,omitempty"`
	Prefix *Prefix  `json:"prefix,omitempty"`
}

// MarshalJSON writes one value or network as itself and several as a set. Nothing to compare with is an error.
func (o Operand) MarshalJSON() ([]byte, error) {
	c := composite{Prefix: o.Prefix}
	for _, word := range o.Values {
		c.Set = append(c.Set, member{Word: word})
	}
	for i := range o.Prefixes {
		c.Set = append(c.Set, member{Prefix: &o.Prefixes[i]})
	}
	for i := range o.Twice {
		c.Set = append(c.Set, member{Pair: &o.Twice[i]})
	}
	switch {
	case o.Prefix == nil && len(c.Set) == 0:
		return nil, errors.New("a rule compares with nothing")
	case len(o.Values) == 1:
		return json.Marshal(o.Values[0])
	}
	return json.Marshal(c)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (o *Operand) UnmarshalJSON(text []byte) error {
	var word string
	if json.Unmarshal(text, &word) == nil {
		*o = Operand{Values: []string{word}}
		return nil
	}
	var c composite
	if err := json.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("neither a value nor a set nor a network: %w", err)
	}
	*o = Operand{Prefix: c.Prefix}
	for _, m := range c.Set {
		switch {
		case m.Prefix != nil:
			o.Prefixes = append(o.Prefixes, *m.Prefix)
		case m.Pair != nil:
			o.Twice = append(o.Twice, *m.Pair)
		default:
			o.Values = append(o.Values, m.Word)
		}
	}
	return nil
}
