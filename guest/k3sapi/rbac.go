package k3sapi

const rbac = "rbac.authorization.k8s.io"

// ClusterRole allows something everywhere.
type ClusterRole struct {
	Type
	Metadata Meta   `json:"metadata"`
	Rules    []Rule `json:"rules"`
}

// Rule allows verbs on resources.
type Rule struct {
	APIGroups []string `json:"apiGroups"`
	Resources []string `json:"resources"`
	Verbs     []string `json:"verbs"`
}

// ClusterRoleBinding gives a cluster role to users.
type ClusterRoleBinding struct {
	Type
	Metadata Meta      `json:"metadata"`
	RoleRef  RoleRef   `json:"roleRef"`
	Subjects []Subject `json:"subjects"`
}

// RoleRef names a role.
type RoleRef struct {
	APIGroup string `json:"apiGroup"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
}

// Subject is who gets it.
type Subject struct {
	APIGroup string `json:"apiGroup"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
}

// NewClusterRole is a cluster role to be made.
func NewClusterRole(name string, labels map[string]string, rules ...Rule) ClusterRole {
	return ClusterRole{Type: Type{rbac + "/v1", "ClusterRole"}, Metadata: Meta{Name: name, Labels: labels}, Rules: rules}
}

// NewClusterRoleBinding gives one user a cluster role of the binding's own name.
func NewClusterRoleBinding(name string, labels map[string]string, user string) ClusterRoleBinding {
	return ClusterRoleBinding{
		Type: Type{rbac + "/v1", "ClusterRoleBinding"}, Metadata: Meta{Name: name, Labels: labels},
		RoleRef:  RoleRef{rbac, "ClusterRole", name},
		Subjects: []Subject{{rbac, "User", user}},
	}
}
