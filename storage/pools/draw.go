package pools

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// drawWidth is as wide as a drawing gets, in columns.
const drawWidth = 80

// Draw returns the tree as lines for a terminal, the file system first.
func (t Tree) Draw() []string {
	lines := []string{fmt.Sprintf("%s  %s  %s", t.Path, t.FSType, t.FSUUID)}
	return t.Top.draw(lines, "", "└─ ", "   ")
}

// draw appends a device and what is under it: lead stands before all its lines, first before its own, rest before those under it.
func (d Device) draw(lines []string, lead, first, rest string) []string {
	lines = append(lines, runewidth.Truncate(lead+first+d.line(), drawWidth, "…"))
	for i, m := range d.Members {
		if i == len(d.Members)-1 {
			lines = m.draw(lines, lead+rest, "└─ ", "   ")
		} else {
			lines = m.draw(lines, lead+rest, "├─ ", "│  ")
		}
	}
	return lines
}

func (d Device) line() string {
	words := []string{d.Name, d.Kind}
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if d.Level != "" {
		add("%s, %d of %d", d.Level, d.working(), d.working()+d.Missing)
	}
	if d.Action != "" {
		add("%s %.0f%%", d.Action, 100*d.Done)
	}
	if d.Broken != "" {
		add("BROKEN: %s", d.Broken)
	}
	if d.Role != "" && d.Role != "in_sync" {
		add("%s", d.Role)
	}
	if d.Transport != "" {
		add("%s", d.Transport)
	}
	if d.SizeBytes > 0 {
		add("%.1f GiB", float64(d.SizeBytes)/(1<<30))
	}
	for _, text := range []string{d.Model, d.Serial} {
		if text != "" {
			add("%s", text)
		}
	}
	return strings.Join(words, "  ")
}
