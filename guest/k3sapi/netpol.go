package k3sapi

// NetworkPolicy says what may reach the pods that it selects, and what they may reach.
type NetworkPolicy struct {
	Type
	Metadata Meta              `json:"metadata"`
	Spec     NetworkPolicySpec `json:"spec"`
}

// NetworkPolicySpec allows, for the directions in PolicyTypes, what its rules say, and no rule allows nothing.
type NetworkPolicySpec struct {
	PodSelector Selector     `json:"podSelector"`
	PolicyTypes []string     `json:"policyTypes"` // "Ingress", "Egress"
	Egress      []EgressRule `json:"egress,omitempty"`
}

// Selector selects by labels; the empty one selects everything.
type Selector struct {
	MatchLabels map[string]string `json:"matchLabels,omitempty"`
}

// EgressRule allows those peers on those ports.
type EgressRule struct {
	To    []Peer `json:"to"`
	Ports []Port `json:"ports"`
}

// Peer is pods of namespaces.
type Peer struct {
	NamespaceSelector Selector `json:"namespaceSelector"`
	PodSelector       Selector `json:"podSelector"`
}

// Port is one port of one protocol.
type Port struct {
	Protocol string `json:"protocol"` // "TCP", "UDP"
	Port     int    `json:"port"`
}

// NewNetworkPolicy is a policy to be made.
func NewNetworkPolicy(name string, spec NetworkPolicySpec) NetworkPolicy {
	return NetworkPolicy{Type: Type{"networking.k8s.io/v1", "NetworkPolicy"}, Metadata: Meta{Name: name}, Spec: spec}
}
