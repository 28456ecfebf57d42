// Package nft writes rules for the kernel's packet filter as typed documents of libnftables-json(5): a value in them
// can never become a rule.
package nft

import (
	"encoding/json"

	"holm/internal/strictjson"
)

// Ruleset is a document of commands, which nft carries out in one transaction: all or none.
type Ruleset struct {
	Commands []Command `json:"nftables"`
}

// Command is one of its fields.
type Command struct {
	Flush  *Flush  `json:"flush,omitempty"`
	Add    *Object `json:"add,omitempty"`
	Delete *Object `json:"delete,omitempty"`
}

// Flush takes away all rules that there are, or what is in a set.
type Flush struct {
	Ruleset json.RawMessage `json:"ruleset,omitempty"`
	Set     *Set            `json:"set,omitempty"`
}

// Object is one of its fields.
type Object struct {
	Table   *Table   `json:"table,omitempty"`
	Counter *Counter `json:"counter,omitempty"`
	Set     *Set     `json:"set,omitempty"`
	Element *Element `json:"element,omitempty"`
	Chain   *Chain   `json:"chain,omitempty"`
	Rule    *Rule    `json:"rule,omitempty"`
}

// Table holds chains.
type Table struct {
	Family string `json:"family"`
	Name   string `json:"name"`
}

// Counter counts what rules send past it by its name.
type Counter struct {
	Family  string `json:"family"`
	Table   string `json:"table"`
	Name    string `json:"name"`
	Packets uint64 `json:"packets,omitempty"`
	Bytes   uint64 `json:"bytes,omitempty"`
}

// Set is a set of values that rules compare with, and that changes without them.
type Set struct {
	Family string `json:"family"`
	Table  string `json:"table"`
	Name   string `json:"name"`
	Type   string `json:"type,omitempty"` // "inet_service"
}

// Element is what is in a set.
type Element struct {
	Family string   `json:"family"`
	Table  string   `json:"table"`
	Name   string   `json:"name"` // of the set
	Values []string `json:"elem"`
}

// Chain hangs at a hook of the kernel; Policy is what happens to a packet that no rule decides.
type Chain struct {
	Family   string `json:"family"`
	Table    string `json:"table"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Hook     string `json:"hook"`
	Priority int    `json:"prio"`
	Policy   string `json:"policy"`
}

// Rule is what its statements say, one after the other, until one does not apply.
type Rule struct {
	Family     string      `json:"family"`
	Table      string      `json:"table"`
	Chain      string      `json:"chain"`
	Statements []Statement `json:"expr"`
}

// null is the value of what has none.
var null = json.RawMessage("null")

// Encode writes the document for nft -j -f.
func (r Ruleset) Encode() ([]byte, error) { return strictjson.Encode(r) }

// FlushAll takes away all rules that there are.
func (r *Ruleset) FlushAll() { r.add(Command{Flush: &Flush{Ruleset: null}}) }

// Table adds a table.
func (r *Ruleset) Table(t Table) { r.add(Command{Add: &Object{Table: &t}}) }

// Replace adds a table, in the place of another one of that name.
func (r *Ruleset) Replace(t Table) {
	r.Table(t)
	r.Delete(t)
	r.Table(t)
}

// Delete removes a table that is there, with all in it.
func (r *Ruleset) Delete(t Table) { r.add(Command{Delete: &Object{Table: &t}}) }

// Counter adds a counter to a table.
func (r *Ruleset) Counter(t Table, name string) {
	r.add(Command{Add: &Object{Counter: &Counter{Family: t.Family, Table: t.Name, Name: name}}})
}

// Set adds an empty set to a table.
func (r *Ruleset) Set(t Table, name, kind string) {
	r.add(Command{Add: &Object{Set: &Set{Family: t.Family, Table: t.Name, Name: name, Type: kind}}})
}

// Fill puts values into a set that is there, in the place of those that were in it.
func (r *Ruleset) Fill(t Table, name string, values ...string) {
	r.add(Command{Flush: &Flush{Set: &Set{Family: t.Family, Table: t.Name, Name: name}}})
	if len(values) > 0 {
		r.add(Command{Add: &Object{Element: &Element{Family: t.Family, Table: t.Name, Name: name, Values: values}}})
	}
}

// Chain adds a chain to a table.
func (r *Ruleset) Chain(t Table, c Chain) {
	c.Family, c.Table = t.Family, t.Name
	r.add(Command{Add: &Object{Chain: &c}})
}

// Rule adds a rule at the end of a chain of a table.
func (r *Ruleset) Rule(t Table, chain string, statements ...Statement) {
	r.add(Command{Add: &Object{Rule: &Rule{Family: t.Family, Table: t.Name, Chain: chain, Statements: statements}}})
}

func (r *Ruleset) add(c Command) { r.Commands = append(r.Commands, c) }
