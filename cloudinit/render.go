package cloudinit

import (
	"fmt"
	"reflect"

	"sigs.k8s.io/yaml"
)

// userDataHeader is how cloud-init knows what kind of user-data it reads.
const userDataHeader = "#cloud-config\n"

// Seed is the content of a NoCloud seed, ready to be written.
type Seed struct {
	UserData      []byte // #cloud-config
	MetaData      []byte // YAML
	NetworkConfig []byte // YAML, version 2
}

// Render validates s and turns it into a seed; equal specs give equal bytes. Errors are those of Spec.Validate.
func Render(s Spec) (Seed, error) {
	s, err := s.normalize()
	if err != nil {
		return Seed{}, err
	}
	user, err := newUserData(s)
	if err != nil {
		return Seed{}, err
	}
	var seed Seed
	if seed.UserData, err = encode("user-data", user); err != nil {
		return Seed{}, err
	}
	if seed.MetaData, err = encode("meta-data", newMetaData(s)); err != nil {
		return Seed{}, err
	}
	if seed.NetworkConfig, err = encode("network-config", newNetworkConfig(s)); err != nil {
		return Seed{}, err
	}
	seed.UserData = append([]byte(userDataHeader), seed.UserData...)
	return seed, nil
}

// encode marshals doc, reads the result back strictly and compares: a value that would come out of the YAML as
// something else than went in stops here and not in a guest.
func encode[T any](name string, doc T) ([]byte, error) {
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("cannot write %s as YAML: %w", name, err)
	}
	var back T
	if err := yaml.UnmarshalStrict(text, &back); err != nil {
		return nil, fmt.Errorf("%s does not read back from its YAML: %w", name, err)
	}
	if !reflect.DeepEqual(doc, back) {
		return nil, fmt.Errorf("%s reads back from its YAML as something else: nothing was written", name)
	}
	return text, nil
}
