package pools

import (
	"cmp"
	"fmt"
	"strings"
)

// Summary says in a few words what the drives are and how they are put together: "raid10 on 4 nvme".
func (t Tree) Summary() string {
	counts, order := map[string]int{}, []string(nil)
	for _, d := range t.Drives() {
		kind := cmp.Or(d.Transport, "unknown")
		if counts[kind] == 0 {
			order = append(order, kind)
		}
		counts[kind]++
	}
	parts := make([]string, len(order))
	for i, kind := range order {
		parts[i] = fmt.Sprintf("%d %s", counts[kind], kind)
	}
	text := strings.Join(parts, " and ")
	if level := t.Top.level(); level != "" {
		text = level + " on " + text
	}
	return text
}

// level is that of the topmost array.
func (d Device) level() string {
	if d.Level != "" {
		return d.Level
	}
	for _, m := range d.Members {
		if level := m.level(); level != "" {
			return level
		}
	}
	return ""
}
