package records

import (
	"encoding/json"
	"reflect"
	"strings"
)

// encodeOver encodes a record that takes the place of a stored one. Fields that only a newer version knows are carried over: to
// go back to this version for a day loses nothing.
func encodeOver(record any, stored []byte) ([]byte, error) {
	value, err := encode(record)
	if err != nil || len(stored) == 0 {
		return value, err
	}
	carried, any := carry(reflect.TypeOf(record), stored, value)
	if !any {
		return value, nil
	}
	return encode(carried)
}

// carry adds to value what stored has besides the fields of the type, in its structs too. It reports whether there was any.
func carry(of reflect.Type, stored, value json.RawMessage) (json.RawMessage, bool) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	var before, after map[string]json.RawMessage
	if of.Kind() != reflect.Struct || json.Unmarshal(stored, &before) != nil || json.Unmarshal(value, &after) != nil ||
		before == nil || after == nil {
		return value, false
	}
	known, any := map[string]reflect.Type{}, false
	fieldsOf(of, known)
	for name, old := range before {
		field, ours := known[name]
		now, there := after[name]
		switch {
		case !ours:
			after[name], any = old, true
		case there:
			inner, some := carry(field, old, now)
			if some {
				after[name], any = inner, true
			}
		}
	}
	if !any {
		return value, false
	}
	text, err := json.Marshal(after)
	if err != nil {
		return value, false
	}
	return text, true
}

// fieldsOf collects the names by which encoding/json knows a struct's fields. Records spell all of them in lower case.
func fieldsOf(of reflect.Type, into map[string]reflect.Type) {
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && field.Anonymous && field.Type.Kind() == reflect.Struct:
			fieldsOf(field.Type, into)
		case name == "":
			into[field.Name] = field.Type
		default:
			into[name] = field.Type
		}
	}
}
