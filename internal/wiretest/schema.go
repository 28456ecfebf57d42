package wiretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"
)

// dialect is the version of JSON Schema.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// Schema makes the JSON schema of a document from its type, and from the comments in dir, where it is declared with all that stands in
// it: each type and each field has one. A list or an object that is there is not null. It lets through what it does not name: documents
// grow.
func Schema(dir, id string, document any) ([]byte, error) {
	said, err := readComments(dir)
	if err != nil {
		return nil, err
	}
	top := reflect.TypeOf(document)
	m := maker{said: said, all: map[string]*jsonschema.Schema{}, known: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[time.Time](): {Type: "string", Format: "date-time"},
		reflect.TypeFor[[]byte]():    {Type: "string", ContentEncoding: "base64"},
	}}
	if err := m.find(top); err != nil {
		return nil, err
	}
	for _, t := range m.structs {
		if m.all[t.Name()], err = m.object(t); err != nil {
			return nil, err
		}
	}
	description, err := said.of(top.Name())
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(&jsonschema.Schema{
		Schema: dialect, ID: id, Title: top.Name(), Description: description, Ref: reference(top), Defs: m.all,
	})
	if err != nil {
		return nil, err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, data, "", "  "); err != nil {
		return nil, err
	}
	pretty.WriteByte('\n')
	return pretty.Bytes(), nil
}

func reference(t reflect.Type) string { return "#/$defs/" + t.Name() }

type maker struct {
	said    comments
	structs []reflect.Type
	known   map[reflect.Type]*jsonschema.Schema
	all     map[string]*jsonschema.Schema
}

// find lists the structs that a document is made of, which refer to each other.
func (m *maker) find(t reflect.Type) error {
	if m.known[t] != nil {
		return nil
	}
	switch t.Kind() { //nolint:exhaustive // the others contain nothing
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return m.find(t.Elem())
	case reflect.Interface:
		return fmt.Errorf("%s has no shape", t)
	case reflect.Struct:
		if slices.ContainsFunc(m.structs, func(other reflect.Type) bool { return other.Name() == t.Name() }) {
			return fmt.Errorf("two types are called %s", t.Name())
		}
		m.known[t] = &jsonschema.Schema{Ref: reference(t)}
		m.structs = append(m.structs, t)
		for _, field := range shown(t) {
			if err := m.find(field.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

// shown are the fields of a struct that are printed, those of what is embedded included.
func shown(t reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.Anonymous || !f.IsExported() })
}

func (m *maker) object(t reflect.Type) (*jsonschema.Schema, error) {
	description, err := m.said.of(t.Name())
	if err != nil {
		return nil, err
	}
	s := &jsonschema.Schema{Type: "object", Description: description, Properties: map[string]*jsonschema.Schema{}}
	for _, field := range shown(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			return nil, fmt.Errorf("%s.%s has no name in JSON", t.Name(), field.Name)
		}
		property, err := jsonschema.ForType(field.Type, &jsonschema.ForOptions{TypeSchemas: m.known})
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), field.Name, err)
		}
		thereIsNoNull(property)
		if property.Description, err = m.said.of(owner(t, field).Name() + "." + field.Name); err != nil {
			return nil, err
		}
		s.Properties[name] = property
		s.PropertyOrder = append(s.PropertyOrder, name)
		if options == "" {
			s.Required = append(s.Required, name)
		}
	}
	return s, nil
}

// owner is the struct that declares a field: t, or what t embeds.
func owner(t reflect.Type, field reflect.StructField) reflect.Type {
	for _, i := range field.Index[:len(field.Index)-1] {
		t = t.Field(i).Type
	}
	return t
}

// thereIsNoNull takes back what is said of pointers and lists in general.
func thereIsNoNull(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if rest := slices.DeleteFunc(slices.Clone(s.Types), func(t string) bool { return t == "null" }); len(s.Types) > 0 {
		s.Types = nil
		if len(rest) == 1 {
			s.Type = rest[0]
		}
	}
	thereIsNoNull(s.Items)
	thereIsNoNull(s.AdditionalProperties)
}

// FileName is the file of a document's schema: "instance-list.json" for InstanceList, "ssh-host.json" for SSHHost.
func FileName(document any) string {
	var b strings.Builder
	name := []rune(reflect.TypeOf(document).Name())
	for i, r := range name {
		ends := i > 0 && unicode.IsLower(name[i-1])
		begins := i > 0 && i+1 < len(name) && unicode.IsLower(name[i+1])
		if unicode.IsUpper(r) && (ends || begins) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String() + ".json"
}
