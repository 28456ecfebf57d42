package environment

import (
	"bytes"

	"holm/guest/report"
	"holm/internal/strictjson"
)

// registriesHead marks the file that is holm's: one without it is the owner's.
const registriesHead = "# The host tells these mirrors; holm writes this file anew. Without this line it is yours.\n"

// registries is k3s's registries.yaml as far as holm uses it.
type registries struct {
	Mirrors map[string]registryMirror `json:"mirrors"`
}

type registryMirror struct {
	Endpoint []string `json:"endpoint"`
}

// Registries is what k3s's containerd is told of mirrors, in place of a file that is holm's; nil for no file. A file of the
// owner's stays.
func Registries(file []byte, e report.Environment) ([]byte, error) {
	if len(file) > 0 && !bytes.HasPrefix(file, []byte(registriesHead)) {
		return file, nil
	}
	if len(e.Mirrors) == 0 {
		return nil, nil
	}
	doc := registries{Mirrors: map[string]registryMirror{"docker.io": {Endpoint: e.Mirrors}}}
	// JSON is YAML, and the agent has no other use for a library of that.
	text, err := strictjson.Encode(doc)
	if err != nil {
		return nil, err
	}
	return append([]byte(registriesHead), text...), nil
}

// K3sVariables are of k3s's process. They are for its containerd alone: nothing that k3s itself speaks to is outside.
func K3sVariables(e report.Environment) []Variable {
	if e.Proxy == nil {
		return nil
	}
	var all []Variable
	for _, v := range []Variable{
		{"CONTAINERD_HTTP_PROXY", e.Proxy.HTTP},
		{"CONTAINERD_HTTPS_PROXY", e.Proxy.HTTPS},
		{"CONTAINERD_NO_PROXY", notThrough(e.Proxy, "10.42.0.0/16", "10.43.0.0/16", ".svc", ".cluster.local")},
	} {
		if v.Value != "" {
			all = append(all, v)
		}
	}
	return all
}
