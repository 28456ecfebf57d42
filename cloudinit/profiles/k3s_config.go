package profiles

import "strings"

// k3sConfig is k3s's config.yaml as far as holm uses it: every key is a flag of "k3s server".
type k3sConfig struct {
	NodeName string   `json:"node-name"`
	NodeIP   string   `json:"node-ip"`
	TLSSAN   []string `json:"tls-san"`

	WriteKubeconfigMode   string `json:"write-kubeconfig-mode"`
	SecretsEncryption     bool   `json:"secrets-encryption"`
	ProtectKernelDefaults bool   `json:"protect-kernel-defaults"`

	Disable               []string `json:"disable"`
	DisableHelmController bool     `json:"disable-helm-controller"`
	FlannelBackend        string   `json:"flannel-backend"`

	APIServer         []string `json:"kube-apiserver-arg"`
	ControllerManager []string `json:"kube-controller-manager-arg"`
	Kubelet           []string `json:"kubelet-arg"`
}

// tlsSuites are the suites of TLS 1.2 with forward secrecy and authenticated encryption; those of 1.3 all have both.
var tlsSuites = []string{
	"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}

// newK3sConfig follows k3s's hardening guide. Where it differs, the reason stands beside the line.
func newK3sConfig(p Params) k3sConfig {
	return k3sConfig{
		NodeName:              p.Hostname,
		NodeIP:                p.Address.String(),
		TLSSAN:                append([]string{p.Address.String(), p.Hostname}, p.APINames...),
		WriteKubeconfigMode:   "0600",
		SecretsEncryption:     true,
		ProtectKernelDefaults: true,
		// An ingress, a load balancer, metrics and volumes on the host's disk are each a pod or more in the exempt
		// namespace, with rights; a node that needs one brings its own.
		Disable: []string{"local-storage", "metrics-server", "servicelb", "traefik"},
		// Whoever may write a HelmChart has a job run as cluster-admin.
		DisableHelmController: true,
		// One node needs no tunnel: no UDP port 8472, no vxlan module.
		FlannelBackend:    "host-gw",
		APIServer:         apiServerArgs(),
		ControllerManager: []string{"terminated-pod-gc-threshold=100"},
		Kubelet:           kubeletArgs(),
	}
}

func apiServerArgs() []string {
	return []string{
		"admission-control-config-file=" + k3sPSAPath,
		// k3s's default, which the health checks of its own parts get along with: they bring certificates.
		"anonymous-auth=false",
		"audit-log-compress=true", // of ten old logs of 100 MB, as CIS wants them, little is left on a small disk
		"audit-log-maxage=30",
		"audit-log-maxbackup=10",
		"audit-log-maxsize=100",
		"audit-log-path=" + k3sAuditLog,
		"audit-policy-file=" + k3sAuditPath,
		// A service's external address catches the traffic of others to that address (CVE-2020-8554).
		"enable-admission-plugins=NodeRestriction,EventRateLimit,DenyServiceExternalIPs",
		"profiling=false",
		"request-timeout=60s",
		"service-account-extend-token-expiration=false",
		"service-account-lookup=true",
		"tls-cipher-suites=" + strings.Join(tlsSuites, ","),
		"tls-min-version=VersionTLS12",
	}
}

func kubeletArgs() []string {
	return []string{
		"pod-max-pids=1024",
		// The pods of the exempt namespace get a seccomp profile, too.
		"seccomp-default=true",
		"streaming-connection-idle-timeout=5m",
		"tls-cipher-suites=" + strings.Join(tlsSuites, ","),
		"tls-min-version=VersionTLS12",
		"volume-plugin-dir=/var/lib/kubelet/volumeplugins", // the default lies in /usr, which nobody can write to
	}
}
