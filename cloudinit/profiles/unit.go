package profiles

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// unit is a file of systemd.syntax(7): the settings of each section, in order.
type unit map[string][]directive

type directive struct{ Name, Value string }

var (
	unitWord  = regexp.MustCompile(`^[A-Z][A-Za-z]*$`)
	unitValue = regexp.MustCompile(`^[!-~]+( [!-~]+)*$`)
)

// encodeUnit writes a unit's sections sorted by name, reads them back and compares.
func encodeUnit(u unit) ([]byte, error) {
	var text bytes.Buffer
	for _, section := range slices.Sorted(maps.Keys(u)) {
		text.WriteString("[" + section + "]\n")
		for _, d := range u[section] {
			text.WriteString(d.Name + "=" + d.Value + "\n")
		}
	}
	back, err := parseUnit(text.String())
	if err != nil {
		return nil, fmt.Errorf("it does not read back: %w", err)
	}
	if !reflect.DeepEqual(u, back) {
		return nil, fmt.Errorf("it reads back as something else: nothing was written")
	}
	return text.Bytes(), nil
}

// parseUnit reads what encodeUnit writes: no comments, no continued lines, no section twice.
func parseUnit(text string) (unit, error) {
	u, section := unit{}, ""
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
		u[section] = append(u[section], directive{name, value})
	}
	return u, nil
}
