package profiles

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"sigs.k8s.io/yaml"
)

// kubeMeta is what each of Kubernetes' objects and configuration files begins with.
type kubeMeta struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// encodeKube marshals doc, reads the result back strictly and compares: an expression that would come out of the YAML
// as something else than went in stops here and not in a cluster.
func encodeKube[T any](doc T) ([]byte, error) {
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("cannot write it as YAML: %w", err)
	}
	var back T
	if err := yaml.UnmarshalStrict(text, &back); err != nil {
		return nil, fmt.Errorf("it does not read back from its YAML: %w", err)
	}
	if !reflect.DeepEqual(doc, back) {
		return nil, errors.New("it reads back from its YAML as something else: nothing was written")
	}
	return text, nil
}

// joinDocuments makes one YAML file of several documents.
func joinDocuments(docs ...[]byte) []byte {
	return bytes.Join(docs, []byte("---\n"))
}
