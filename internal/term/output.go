package term

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

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
	return append(data, '\n'), nil
}
