package term

import (
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Column is one column of a table.
type Column struct {
	Title string
	Right bool // numbers stand at the right
	// Min is the width below which the column is not cut when the terminal is narrow; 0 means that it is never cut.
	Min int
	// Spare says how soon the column is left out on a terminal that is still too narrow: the highest goes first,
	// 0 never goes. In a pipe every column is always there.
	Spare int
}

// Cell is one value: as people read it, and for a pipe when that differs.
type Cell struct {
	Text string
	Pipe string
	Tone Tone
}

// Text makes a cell that reads the same everywhere.
func Text(text string) Cell { return Cell{Text: text} }

// Table is what `-o table` prints.
type Table struct {
	Columns []Column
	Rows    [][]Cell
}

const gap = 2

// Write prints the table: aligned within width columns for a person, else one tab-separated line a record.
func (t Table) Write(w io.Writer, person bool, width int, style Style) error {
	out := t.lines(width, style)
	if !person {
		out = t.piped()
	}
	_, err := io.WriteString(w, out)
	return err
}

func (t Table) piped() string {
	var b strings.Builder
	line := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		line[i] = c.Title
	}
	b.WriteString(strings.Join(line, "\t") + "\n")
	for _, row := range t.Rows {
		for i, cell := range row {
			line[i] = Line(cell.Text)
			if cell.Pipe != "" {
				line[i] = Line(cell.Pipe)
			}
		}
		b.WriteString(strings.Join(line, "\t") + "\n")
	}
	return b.String()
}

func (t Table) lines(width int, style Style) string {
	shown, widths := t.fit(width)
	var b strings.Builder
	head := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = Text(c.Title)
	}
	for _, row := range slices.Insert(slices.Clone(t.Rows), 0, head) {
		b.WriteString(t.line(row, shown, widths, style) + "\n")
	}
	return b.String()
}

func (t Table) line(row []Cell, shown, widths []int, style Style) string {
	var b strings.Builder
	pending := 0 // blanks that are written only when something follows: no line ends in blanks
	for _, i := range shown {
		text := runewidth.Truncate(Line(row[i].Text), widths[i], "…")
		blanks := widths[i] - runewidth.StringWidth(text)
		if t.Columns[i].Right {
			pending, blanks = pending+blanks, 0
		}
		if text != "" {
			b.WriteString(strings.Repeat(" ", pending) + style.Paint(row[i].Tone, text))
			pending = 0
		}
		pending += blanks + gap
	}
	return b.String()
}

// fit chooses the columns that are shown, by index, and the width of each: first columns with a Min are cut, the
// widest first; when that is not enough, columns to spare are left out one by one.
func (t Table) fit(width int) (shown, widths []int) {
	natural := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		shown = append(shown, i)
		natural[i] = runewidth.StringWidth(c.Title)
		for _, row := range t.Rows {
			natural[i] = max(natural[i], runewidth.StringWidth(Line(row[i].Text)))
		}
	}
	for {
		widths = slices.Clone(natural)
		if t.shrink(shown, widths, width) {
			return shown, widths
		}
		spare := slices.MaxFunc(shown, func(a, b int) int { return t.Columns[a].Spare - t.Columns[b].Spare })
		if t.Columns[spare].Spare == 0 {
			return shown, widths
		}
		shown = slices.DeleteFunc(shown, func(i int) bool { return i == spare })
	}
}

// shrink cuts columns until the line fits and tells whether it does.
func (t Table) shrink(shown, widths []int, width int) bool {
	total := gap * (len(shown) - 1)
	for _, i := range shown {
		total += widths[i]
	}
	for total > width {
		widest := -1
		for _, i := range shown {
			c := t.Columns[i]
			if c.Min > 0 && widths[i] > max(c.Min, len(c.Title)) && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return false
		}
		widths[widest]--
		total--
	}
	return true
}
