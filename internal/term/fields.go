package term

import (
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Field is one line of the description of a single thing.
type Field struct {
	Name  string
	Value Cell
}

// Fields describe a single thing: a name and a value a line.
type Fields []Field

// Add appends a field; one without a value is left out.
func (f *Fields) Add(name string, value Cell) {
	if value.Text != "" || value.Pipe != "" {
		*f = append(*f, Field{Name: name, Value: value})
	}
}

// Write prints the fields: aligned for a person, long values broken at blanks to fit width, else name, tab, value.
func (f Fields) Write(w io.Writer, person bool, width int, style Style) error {
	indent := 0
	for _, field := range f {
		indent = max(indent, len(field.Name)+gap)
	}
	var b strings.Builder
	for _, field := range f {
		text := strings.TrimRight(Line(field.Value.Text), " ")
		if !person {
			if field.Value.Pipe != "" {
				text = Line(field.Value.Pipe)
			}
			b.WriteString(field.Name + "\t" + text + "\n")
			continue
		}
		for i, part := range Wrap(text, width-indent) {
			name := ""
			if i == 0 {
				name = field.Name
			}
			b.WriteString(name + strings.Repeat(" ", indent-len(name)) + style.Paint(field.Value.Tone, part) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Wrap breaks text at blanks into lines of at most width columns. Text with a word that is longer, such as a key,
// stays whole, so that it can be copied. It returns at least one line.
func Wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		if runewidth.StringWidth(word) > width {
			return []string{text}
		}
	}
	for word := range strings.FieldsSeq(text) {
		last := lines[len(lines)-1]
		switch {
		case last == "":
			lines[len(lines)-1] = word
		case runewidth.StringWidth(last)+1+runewidth.StringWidth(word) <= width:
			lines[len(lines)-1] = last + " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
