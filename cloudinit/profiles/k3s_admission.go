package profiles

// admissionConfig is apiserver.config.k8s.io/v1 AdmissionConfiguration: what the API server's own plugins are told.
type admissionConfig struct {
	kubeMeta
	Plugins []admissionPlugin `json:"plugins"`
}

type admissionPlugin struct {
	Name          string       `json:"name"`
	Configuration pluginConfig `json:"configuration"`
}

// pluginConfig is the configuration of any plugin; each kind has fields of its own.
type pluginConfig struct {
	kubeMeta
	Defaults   *podSecurityDefaults   `json:"defaults,omitempty"`   // PodSecurityConfiguration
	Exemptions *podSecurityExemptions `json:"exemptions,omitempty"` // PodSecurityConfiguration
	Limits     []eventLimit           `json:"limits,omitempty"`     // EventRateLimit
}

type podSecurityDefaults struct {
	Enforce        string `json:"enforce"`
	EnforceVersion string `json:"enforce-version"`
	Audit          string `json:"audit"`
	AuditVersion   string `json:"audit-version"`
	Warn           string `json:"warn"`
	WarnVersion    string `json:"warn-version"`
}

type podSecurityExemptions struct {
	Namespaces []string `json:"namespaces"`
}

type eventLimit struct {
	Type      string `json:"type"`
	QPS       int    `json:"qps"`   // events a second
	Burst     int    `json:"burst"` // events at once
	CacheSize int    `json:"cacheSize,omitempty"`
}

// newK3sAdmission holds both plugins' configuration in one file. k3s's guide switches EventRateLimit on without any,
// which the API server refuses to start with.
func newK3sAdmission() admissionConfig {
	const restricted, latest = "restricted", "latest"
	return admissionConfig{
		kubeMeta: kubeMeta{"apiserver.config.k8s.io/v1", "AdmissionConfiguration"},
		Plugins: []admissionPlugin{
			{Name: "PodSecurity", Configuration: pluginConfig{
				kubeMeta: kubeMeta{"pod-security.admission.config.k8s.io/v1", "PodSecurityConfiguration"},
				Defaults: &podSecurityDefaults{
					Enforce: restricted, EnforceVersion: latest,
					Audit: restricted, AuditVersion: latest,
					Warn: restricted, WarnVersion: latest,
				},
				Exemptions: &podSecurityExemptions{Namespaces: []string{exemptNamespace}},
			}},
			{Name: "EventRateLimit", Configuration: pluginConfig{
				kubeMeta: kubeMeta{"eventratelimit.admission.k8s.io/v1alpha1", "Configuration"},
				// A node's kubelet is one user, and the busiest.
				Limits: []eventLimit{
					{Type: "Server", QPS: 50, Burst: 500},
					{Type: "Namespace", QPS: 20, Burst: 200, CacheSize: 1000},
					{Type: "User", QPS: 10, Burst: 100, CacheSize: 1000},
				},
			}},
		},
	}
}
