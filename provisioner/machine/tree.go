package machine

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// The most that is read of a live domain: what libvirt prints has some 15 KiB and is six elements deep.
const (
	maxLive  = 1 << 20
	maxDepth = 32
)

// node is an element as it stands in the text. Libvirtxml leaves out what it does not know, and what nobody knows is
// what a comparison is there to find.
type node struct {
	name     string // with its namespace, when it has one: "{uri}name"
	attrs    map[string]string
	text     string
	children []*node
}

func parseTree(text string) (*node, error) {
	if len(text) > maxLive {
		return nil, fmt.Errorf("it has more than %d KiB", maxLive>>10)
	}
	dec := xml.NewDecoder(strings.NewReader(text))
	root := &node{}
	open := []*node{root}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		last := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if len(open) > maxDepth {
				return nil, fmt.Errorf("it is more than %d elements deep", maxDepth)
			}
			n := &node{name: fullName(t.Name), attrs: map[string]string{}}
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					n.attrs[fullName(a.Name)] = a.Value
				}
			}
			last.children = append(last.children, n)
			open = append(open, n)
		case xml.EndElement:
			last.text = strings.TrimSpace(last.text)
			open = open[:len(open)-1]
		case xml.CharData:
			last.text += string(t)
		}
	}
	if len(root.children) != 1 || root.children[0].name != "domain" {
		return nil, errors.New("it is no domain")
	}
	return root.children[0], nil
}

func fullName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

// child is the first child of that name, or an empty one.
func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return &node{}
}

// key tells siblings of one name apart: a disk by its target, an interface by its MAC, and so on.
func (n *node) key() string {
	own := ""
	switch n.name {
	case "disk":
		own = n.child("target").attrs["dev"]
	case "interface":
		own = n.child("mac").attrs["address"]
	case "channel":
		own = n.child("target").attrs["name"]
	case "controller":
		own = strings.TrimSpace(n.attrs["type"] + " " + n.attrs["model"])
	case "timer", "parameter":
		own = n.attrs["name"]
	case "seclabel", "input":
		own = n.attrs["model"] + n.attrs["bus"]
	}
	if own == "" {
		return n.name
	}
	return n.name + " " + own
}

// keyed are the children by their keys; of two with the same key, the second one gets a number.
func (n *node) keyed() (order []string, by map[string]*node) {
	by = map[string]*node{}
	for _, c := range n.children {
		key := c.key()
		for i := 2; by[key] != nil; i++ {
			key = fmt.Sprintf("%s #%d", c.key(), i)
		}
		by[key] = c
		order = append(order, key)
	}
	return order, by
}

func (n *node) attrNames() []string { return slices.Sorted(maps.Keys(n.attrs)) }
