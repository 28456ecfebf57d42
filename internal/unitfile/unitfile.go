// Package unitfile writes files of systemd.syntax(7) from typed values, and reads them back before anybody gets them: no
// value becomes a second setting.
package unitfile

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// File is the settings of each section, in order.
type File map[string][]Setting

// Setting is one line of a section.
type Setting struct{ Name, Value string }

var (
	unitWord  = regexp.MustCompile(`^[A-Z][A-Za-z]*$`)
	unitValue = regexp.MustCompile(`^[!-~]+( [!-~]+)*$`)
)

// Encode writes a file with its sections sorted by name, reads it back and compares.
func Encode(u File) ([]byte, error) {
	var text bytes.Buffer
	for _, section := range slices.Sorted(maps.Keys(u)) {
		text.WriteString("[" + section + "]\n")
		for _, d := range u[section] {
			text.WriteString(d.Name + "=" + d.Value + "\n")
		}
	}
	back, err := Parse(text.String())
	if err != nil {
		return nil, fmt.Errorf("it does not read back: %w", err)
	}
	if !reflect.DeepEqual(u, back) {
		return nil, fmt.Errorf("it reads back as something else: nothing was written")
	}
	return text.Bytes(), nil
}

// Parse reads what Encode writes: no comments, no continued lines, no section twice.
func Parse(text string) (File, error) {
	u, section := File{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, ok = strings.CutSuffix(name, "]")
			if _, again := u[name]; again || !ok || !unitWord.MatchString(name) {
				return nil, fmt.Errorf("%.80q is no new section", line)
			}
			section, u[name] = name, nil
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || section == "" || !unitWord.MatchString(name) || !unitValue.MatchString(value) || strings.HasSuffix(value, "\\") {
			return nil, fmt.Errorf("%.80q is no setting", line)
		}
		u[section] = append(u[section], Setting{name, value})
	}
	return u, nil
}
