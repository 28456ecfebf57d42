package term

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"sigs.k8s.io/yaml"
)

// Format is how results are printed.
type Format string

// The formats of -o.
const (
	AsTable Format = "table"
	AsJSON  Format = "json"
	AsYAML  Format = "yaml"
	AsName  Format = "name"
)

// Formats lists what -o takes.
func Formats() []Format { return []Format{AsTable, AsJSON, AsYAML, AsName} }

// ParseFormat reads the value of -o.
func ParseFormat(text string) (Format, error) {
	for _, f := range Formats() {
		if string(f) == text {
			return f, nil
		}
	}
	return "", fmt.Errorf("%q is no output format: use table, json, yaml or name", text)
}

// Writer is what people read: a Table, or Fields.
type Writer interface {
	Write(w io.Writer, person bool, width int, style Style) error
}

// Result is one answer in all the forms in which it can be asked for.
type Result struct {
	Document any      // for JSON and YAML
	People   Writer   // for the table
	Names    []string // for -o name
}

// Print writes a result to Out.
func (s *Streams) Print(format Format, r Result) error {
	switch format {
	case AsJSON, AsYAML:
		data, err := Encode(format, r.Document)
		if err != nil {
			return err
		}
		if format == AsYAML && s.OutTerminal { // what YAML does not quote has no escapes
			cleaned := NewCleaner(s.Out)
			_, err = cleaned.Write(data)
			return errors.Join(err, cleaned.Flush())
		}
		_, err = s.Out.Write(data)
		return err
	case AsName:
		var b strings.Builder
		for _, name := range r.Names {
			b.WriteString(Line(name) + "\n")
		}
		_, err := io.WriteString(s.Out, b.String())
		return err
	default:
		return r.People.Write(s.Out, s.OutTerminal, s.Width, s.OutStyle())
	}
}

// Encode makes one document, JSON or YAML, that ends in a line break.
func Encode(format Format, document any) ([]byte, error) {
	if format == AsYAML {
		return yaml.Marshal(document)
	}
	data, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(escaped(data), '\n'), nil
}

// escaped writes as \u what encoding/json leaves as it is and a terminal may act on: the control characters from U+007F on, and
// those that change the direction of writing or are not to be seen. They can only stand in strings.
func escaped(document []byte) []byte {
	steers := func(r rune) bool { return unicode.IsControl(r) && r >= 0x7f || unicode.Is(unicode.Cf, r) }
	if !bytes.ContainsFunc(document, steers) {
		return document
	}
	var b bytes.Buffer
	for _, r := range string(document) {
		switch {
		case !steers(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}
