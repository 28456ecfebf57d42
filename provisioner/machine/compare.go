package machine

import (
	"fmt"
	"strconv"
	"strings"
)

// Differences compares the domain that libvirt says is running with the one that s asks for. Everything that was asked
// for has to be there with that value, and everything that is there has to have been asked for, or to be one of the
// things that libvirt is known to add. Each difference is one line, such as "disk vda: readonly was asked for and is
// missing"; no difference means that the machine is the one that was asked for.
func Differences(s Spec, live string) ([]string, error) {
	text, err := Domain(s)
	if err != nil {
		return nil, err
	}
	asked, err := parseTree(text)
	if err != nil {
		return nil, fmt.Errorf("read what was asked for: %w", err)
	}
	is, err := parseTree(live)
	if err != nil {
		return nil, fmt.Errorf("read the live domain: %w", err)
	}
	c := comparison{machine: s}
	c.element("", asked, is)
	return c.found, nil
}

// comparison gathers the differences; path is where it stands, as people read it: "devices/disk vda".
type comparison struct {
	machine Spec
	found   []string
}

func (c *comparison) differ(path, format string, args ...any) {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "devices/"), "/")
	if path == "" {
		path = "domain"
	}
	c.found = append(c.found, clip(path)+": "+fmt.Sprintf(format, args...))
}

func (c *comparison) element(path string, asked, is *node) {
	if want, got := value(asked), value(is); want != got {
		c.differ(path, "%q was asked for, it is %q", clip(want), clip(got))
	}
	for _, name := range asked.attrNames() {
		got, there := is.attrs[name]
		switch want := asked.attrs[name]; {
		case measured(asked.name, name):
		case !there:
			c.differ(path, "%s %q was asked for and is missing", name, clip(want))
		case got != want:
			c.differ(path, "%s %q was asked for, it is %q", name, clip(want), clip(got))
		}
	}
	for _, name := range is.attrNames() {
		if _, want := asked.attrs[name]; !want && !measured(is.name, name) && !addedAttr(asked.name, name) {
			c.differ(path, "%s %q was not asked for", clip(name), clip(is.attrs[name]))
		}
	}
	c.children(path, asked, is)
}

func (c *comparison) children(path string, asked, is *node) {
	askedOrder, askedBy := asked.keyed()
	isOrder, isBy := is.keyed()
	below := func(key string) string { return strings.TrimPrefix(path+"/"+key, "/") }
	for _, key := range askedOrder {
		if isBy[key] == nil {
			c.differ(path, "%s was asked for and is missing", clip(key))
			continue
		}
		c.element(below(key), askedBy[key], isBy[key])
	}
	for _, key := range isOrder {
		if askedBy[key] == nil && !c.added(asked.name, isBy[key]) {
			c.differ(path, "%s was not asked for", clip(key))
		}
	}
}

// value is the text of an element; sizes are brought to KiB, as libvirt prints them in another unit than it was given.
func value(n *node) string {
	if n.name != "memory" && n.name != "currentMemory" {
		return n.text
	}
	shift, known := map[string]uint{"KiB": 0, "": 0, "MiB": 10, "GiB": 20}[n.attrs["unit"]]
	size, err := strconv.ParseUint(n.text, 10, 40)
	if err != nil || !known {
		return n.text + " " + n.attrs["unit"]
	}
	return strconv.FormatUint(size<<shift, 10) + " KiB"
}

// measured tells whether an attribute is the unit of a value.
func measured(element, attr string) bool {
	return attr == "unit" && (element == "memory" || element == "currentMemory")
}

func clip(s string) string {
	if len(s) > maxShown {
		return strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}
