package k3sapi

import "time"

// Type says what an object is; every kind below begins with it.
type Type struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
}

// Meta is what every object has.
type Meta struct {
	Name              string            `json:"name,omitempty"`
	Namespace         string            `json:"namespace,omitempty"`
	UID               string            `json:"uid,omitempty"`
	ResourceVersion   string            `json:"resourceVersion,omitempty"`
	Labels            map[string]string `json:"labels,omitempty"`
	CreationTimestamp *time.Time        `json:"creationTimestamp,omitempty"`
	DeletionTimestamp *time.Time        `json:"deletionTimestamp,omitempty"`
}

// List is a collection of one kind.
type List[T any] struct {
	Metadata Meta `json:"metadata"`
	Items    []T  `json:"items"`
}

// Object is of any kind, of which only the metadata matters.
type Object struct {
	Type
	Metadata Meta `json:"metadata"`
}

// Namespace is one namespace.
type Namespace struct {
	Type
	Metadata Meta           `json:"metadata"`
	Spec     *NamespaceSpec `json:"spec,omitempty"`
}

// NamespaceSpec holds what keeps a namespace from going.
type NamespaceSpec struct {
	Finalizers []string `json:"finalizers"`
}

// NewNamespace is a namespace to be made.
func NewNamespace(name string, labels map[string]string) Namespace {
	return Namespace{Type: Type{"v1", "Namespace"}, Metadata: Meta{Name: name, Labels: labels}}
}

// ServiceAccount is who a pod is to the API.
type ServiceAccount struct {
	Type
	Metadata  Meta  `json:"metadata"`
	Automount *bool `json:"automountServiceAccountToken,omitempty"`
}

// Data is a secret or a configmap with text in it.
type Data struct {
	Type
	Metadata Meta              `json:"metadata"`
	Data     map[string]string `json:"data,omitempty"`       // of a configmap
	Strings  map[string]string `json:"stringData,omitempty"` // of a secret, in clear
}

// NewSecret is a secret to be made.
func NewSecret(name string, content map[string]string) Data {
	return Data{Type: Type{"v1", "Secret"}, Metadata: Meta{Name: name}, Strings: content}
}

// NewConfigMap is a configmap to be made.
func NewConfigMap(name string, content map[string]string) Data {
	return Data{Type: Type{"v1", "ConfigMap"}, Metadata: Meta{Name: name}, Data: content}
}
