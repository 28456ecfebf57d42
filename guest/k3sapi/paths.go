package k3sapi

import (
	"net/url"
	"strings"
)

// The collections that belong to no namespace, or hold the objects of all of them.
const (
	Namespaces          = "/api/v1/namespaces"
	ServiceAccounts     = "/api/v1/serviceaccounts"
	NetworkPolicies     = "/apis/networking.k8s.io/v1/networkpolicies"
	ClusterRoles        = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
	ClusterRoleBindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
)

// Named is the path of an object in a collection, or of a part of it: Named(Namespaces, "web", "status").
func Named(collection, name string, part ...string) string {
	return strings.Join(append([]string{collection, url.PathEscape(name)}, part...), "/")
}

// In is the path of a collection in a namespace: In("web", "pods"). The API of "networkpolicies" is its own, all others
// are of the core.
func In(namespace, resource string) string {
	group := "/api/v1"
	if resource == "networkpolicies" {
		group = "/apis/networking.k8s.io/v1"
	}
	return group + "/namespaces/" + url.PathEscape(namespace) + "/" + resource
}

// Labelled is the path of those objects in a collection that have a label, whatever its value.
func Labelled(collection, label string) string {
	return collection + "?" + url.Values{"labelSelector": {label}}.Encode()
}
