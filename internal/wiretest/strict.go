package wiretest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/google/jsonschema-go/jsonschema"
)

// Strictly holds a document against a schema, and refuses what the schema does not name: a field that is printed is one that is promised.
func Strictly(schema, document []byte) error {
	var s jsonschema.Schema
	if err := json.Unmarshal(schema, &s); err != nil {
		return err
	}
	for _, object := range s.Defs {
		if object.Properties != nil {
			object.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
		}
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the document")
	}
	return resolved.Validate(value)
}
