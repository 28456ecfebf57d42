package profiles

// auditPolicy is audit.k8s.io/v1 Policy: the first rule that fits a request decides what is written about it.
type auditPolicy struct {
	kubeMeta
	OmitStages        []string    `json:"omitStages"`
	OmitManagedFields bool        `json:"omitManagedFields"`
	Rules             []auditRule `json:"rules"`
}

type auditRule struct {
	Level           string           `json:"level"`
	Users           []string         `json:"users,omitempty"`
	UserGroups      []string         `json:"userGroups,omitempty"`
	Verbs           []string         `json:"verbs,omitempty"`
	Resources       []auditResources `json:"resources,omitempty"`
	NonResourceURLs []string         `json:"nonResourceURLs,omitempty"`
}

type auditResources struct {
	Group     string   `json:"group"` // "" is the core group
	Resources []string `json:"resources,omitempty"`
}

// The levels of an audit rule: nothing; who, what, when and the verdict; that and the body of the request.
const (
	auditNone     = "None"
	auditMetadata = "Metadata"
	auditRequest  = "Request"
)

// newK3sAudit writes who did what (CIS 3.2.2) and keeps quiet about the cluster's talk with itself. A body is written
// for changes alone, and never for what may carry a secret; that rule comes before all that are louder.
func newK3sAudit() auditPolicy {
	reads := []string{"get", "list", "watch"}
	return auditPolicy{
		kubeMeta: kubeMeta{"audit.k8s.io/v1", "Policy"},
		// The end of a request says all that its beginning does.
		OmitStages:        []string{"RequestReceived"},
		OmitManagedFields: true,
		Rules: []auditRule{
			{Level: auditMetadata, Resources: []auditResources{
				{Group: "", Resources: []string{"secrets", "configmaps", "serviceaccounts/token"}},
				{Group: "authentication.k8s.io", Resources: []string{"tokenreviews"}},
				{Group: "certificates.k8s.io", Resources: []string{"certificatesigningrequests"}},
			}},
			{Level: auditNone, NonResourceURLs: []string{"/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"}},
			{Level: auditNone, Resources: []auditResources{
				{Group: "", Resources: []string{"events"}},
				{Group: "events.k8s.io", Resources: []string{"events"}},
			}},
			{
				Level: auditNone, UserGroups: systemGroups(),
				Resources: []auditResources{{Group: "coordination.k8s.io", Resources: []string{"leases"}}},
			},
			{Level: auditNone, Users: systemUsers(), Resources: []auditResources{{Group: "coordination.k8s.io", Resources: []string{"leases"}}}},
			{Level: auditNone, UserGroups: systemGroups(), Verbs: reads},
			{Level: auditNone, Users: systemUsers(), Verbs: reads},
			// A kubelet says every few seconds how its node and its pods are.
			{
				Level: auditNone, UserGroups: []string{"system:nodes"},
				Resources: []auditResources{{Group: "", Resources: []string{"nodes/status", "pods/status"}}},
			},
			// These ways into a pod are reads by their verb.
			{Level: auditRequest, Resources: []auditResources{{Group: "", Resources: []string{
				"pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "pods/ephemeralcontainers", "services/proxy", "nodes/proxy",
			}}}},
			{Level: auditMetadata, Verbs: reads},
			{Level: auditRequest},
		},
	}
}

// systemUsers are the parts of the cluster that read all the time; k3s names them as Kubernetes does.
func systemUsers() []string {
	return []string{
		"system:apiserver", "system:k3s-controller", "system:k3s-supervisor", "system:kube-controller-manager",
		"system:kube-proxy", "system:kube-scheduler",
	}
}

func systemGroups() []string {
	return []string{"system:nodes", "system:serviceaccounts:" + exemptNamespace}
}
