// Package strictjson writes JSON that is sure to say what was meant.
package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Encode marshals doc on one line, reads the result back strictly and compares: a value that would come out as
// something else than went in stops here and not where it is obeyed.
func Encode[T any](doc T) ([]byte, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("cannot write it as JSON: %w", err)
	}
	var back T
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&back); err != nil {
		return nil, fmt.Errorf("it does not read back from its JSON: %w", err)
	}
	if !reflect.DeepEqual(doc, back) {
		return nil, fmt.Errorf("it reads back from its JSON as something else: nothing was written")
	}
	return append(text, '\n'), nil
}
