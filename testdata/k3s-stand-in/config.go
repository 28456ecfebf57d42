package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

// k3s's paths.
const (
	configPath     = "/etc/rancher/k3s/config.yaml"
	kubeconfigPath = "/etc/rancher/k3s/k3s.yaml"
	serverDir      = "/var/lib/rancher/k3s/server"
)

// config is k3s's config.yaml. A key that is not here is an error, as a flag that k3s does not know is.
type config struct {
	NodeName            string   `json:"node-name"`
	NodeIP              string   `json:"node-ip"`
	TLSSAN              []string `json:"tls-san"`
	WriteKubeconfigMode string   `json:"write-kubeconfig-mode"`
	SecretsEncryption   bool     `json:"secrets-encryption"`
	DatastoreEndpoint   string   `json:"datastore-endpoint"`
	APIServer           []string `json:"kube-apiserver-arg"`

	// The rest is for the parts of k3s that are missing here: read, and without effect.
	ProtectKernelDefaults  bool     `json:"protect-kernel-defaults"`
	Disable                []string `json:"disable"`
	DisableHelmController  bool     `json:"disable-helm-controller"`
	DisableCloudController bool     `json:"disable-cloud-controller"`
	DisableNetworkPolicy   bool     `json:"disable-network-policy"`
	FlannelBackend         string   `json:"flannel-backend"`
	ControllerManager      []string `json:"kube-controller-manager-arg"`
	Scheduler              []string `json:"kube-scheduler-arg"`
	Kubelet                []string `json:"kubelet-arg"`
}

// readConfig reads config.yaml; K3S_DATASTORE_ENDPOINT stands for its datastore-endpoint, as for k3s.
func readConfig() (config, error) {
	text, err := os.ReadFile(configPath)
	if err != nil {
		return config{}, fmt.Errorf("cannot read the configuration: %w", err)
	}
	var c config
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return config{}, fmt.Errorf("%s is not what k3s would take: %w", configPath, err)
	}
	if c.DatastoreEndpoint == "" {
		c.DatastoreEndpoint = os.Getenv("K3S_DATASTORE_ENDPOINT")
	}
	if _, err := netip.ParseAddr(c.NodeIP); err != nil {
		return config{}, fmt.Errorf("%s: node-ip is needed here, for this stand-in does not look for one: %w", configPath, err)
	}
	if c.WriteKubeconfigMode != "0600" {
		return config{}, errors.New(configPath + ": write-kubeconfig-mode has to be \"0600\"")
	}
	return c, nil
}

// apiServerFlags are what k3s would start kube-apiserver with; what config.yaml says about a flag goes before k3s's own
// opinion.
func apiServerFlags(c config, p pki, datastore string) ([]string, error) {
	const issuer = "https://kubernetes.default.svc.cluster.local"
	flags := map[string]string{
		"advertise-address":                c.NodeIP,
		"allow-privileged":                 "true",
		"anonymous-auth":                   "false",
		"api-audiences":                    issuer + ",k3s",
		"authorization-mode":               "Node,RBAC",
		"bind-address":                     "0.0.0.0",
		"cert-dir":                         serverDir + "/tls/temporary-certs",
		"client-ca-file":                   p.clientCA,
		"enable-admission-plugins":         "NodeRestriction",
		"enable-bootstrap-token-auth":      "true",
		"etcd-servers":                     datastore,
		"profiling":                        "false",
		"secure-port":                      "6443",
		"service-account-issuer":           issuer,
		"service-account-key-file":         p.serviceKey,
		"service-account-signing-key-file": p.serviceKey,
		"service-cluster-ip-range":         "10.43.0.0/16",
		"service-node-port-range":          "30000-32767",
		"storage-backend":                  "etcd3",
		"tls-cert-file":                    p.serving.cert,
		"tls-private-key-file":             p.serving.key,
	}
	if c.SecretsEncryption {
		path, err := encryptionConfig()
		if err != nil {
			return nil, err
		}
		flags["encryption-provider-config"] = path
	}
	for _, arg := range c.APIServer {
		name, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		flags[name] = value
	}
	var args []string
	for name, value := range flags {
		args = append(args, "--"+name+"="+value)
	}
	return args, nil
}
