package wiretest

import (
	"encoding/json"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
)

// Promises are what a schema says of each field, without its comments: "Pool.name: string", and "Pool.name: always" for what is never left
// out. They are sorted.
func Promises(schema []byte) ([]string, error) {
	var s jsonschema.Schema
	if err := json.Unmarshal(schema, &s); err != nil {
		return nil, err
	}
	lines := []string{s.Title + ": document"}
	for name, object := range s.Defs {
		for field, property := range object.Properties {
			lines = append(lines, name+"."+field+": "+shape(property))
		}
		for _, field := range object.Required {
			lines = append(lines, name+"."+field+": always")
		}
	}
	slices.Sort(lines)
	return lines, nil
}

func shape(s *jsonschema.Schema) string {
	switch {
	case s.Ref != "":
		return s.Ref[len("#/$defs/"):]
	case s.Items != nil:
		return "list of " + shape(s.Items)
	case s.AdditionalProperties != nil:
		return "map of " + shape(s.AdditionalProperties)
	case s.Format != "":
		return s.Format
	}
	return s.Type
}
