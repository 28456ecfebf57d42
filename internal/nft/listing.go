package nft

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Listing is what nft says of tables, line by line: what a table is, its chains and counters, and its rules in their order. It
// keeps all that nft says but numbers that the kernel gives and counts, known here or not: a flag that this package has no word for
// is a difference, too.
type Listing map[Table][]string

// ParseListing reads what nft -j list says.
func ParseListing(text []byte) (Listing, error) {
	var doc struct {
		Objects []map[string]json.RawMessage `json:"nftables"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("what nft lists: %w", err)
	}
	l := Listing{}
	for _, o := range doc.Objects {
		for kind, content := range o {
			if kind == "metainfo" {
				continue
			}
			table, line, err := parseObject(kind, content)
			if err != nil {
				return nil, err
			}
			l[table] = append(l[table], line)
		}
	}
	for _, lines := range l {
		slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(subject(a), subject(b)) })
	}
	return l, nil
}

// parseObject returns an object's table and its line.
func parseObject(kind string, content json.RawMessage) (table Table, line string, err error) {
	var named struct {
		Family string `json:"family"`
		Table  string `json:"table"`
		Name   string `json:"name"`
		Chain  string `json:"chain"`
	}
	var fields map[string]json.RawMessage
	if err = json.Unmarshal(content, &named); err == nil {
		err = json.Unmarshal(content, &fields)
	}
	if err != nil {
		return table, "", fmt.Errorf("a %.20q that nft lists: %w", kind, err)
	}
	table = Table{Family: named.Family, Name: named.Table}
	name := named.Name
	switch kind {
	case "table":
		table.Name, name = named.Name, ""
	case "rule":
		name = named.Chain
	case "counter":
		delete(fields, "packets")
		delete(fields, "bytes")
	}
	for _, known := range []string{"handle", "family", "table", "name", "chain"} {
		delete(fields, known)
	}
	rest, err := json.Marshal(fields)
	return table, strings.TrimSpace(kind+" "+name) + " " + string(rest), err
}

// subject is the kind and the name with which a line begins: those of one chain's rules stay in their order.
func subject(line string) string {
	before, _, _ := strings.Cut(line, "{")
	return before
}
