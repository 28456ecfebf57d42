package main

import (
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// writeKubeconfig writes the administrator's kubeconfig, as k3s does: with everything in it, for root alone.
func writeKubeconfig(p pki) error {
	const name = "default" // of all its parts
	var files [3][]byte
	for i, path := range []string{p.serverCA, p.admin.cert, p.admin.key} {
		var err error
		if files[i], err = os.ReadFile(path); err != nil {
			return fmt.Errorf("cannot write the kubeconfig: %w", err)
		}
	}
	c := api.NewConfig()
	c.Clusters[name] = &api.Cluster{Server: localServer, CertificateAuthorityData: files[0]}
	c.AuthInfos[name] = &api.AuthInfo{ClientCertificateData: files[1], ClientKeyData: files[2]}
	c.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	c.CurrentContext = name
	text, err := clientcmd.Write(*c)
	if err != nil {
		return fmt.Errorf("cannot write the kubeconfig as YAML: %w", err)
	}
	return writeFile(kubeconfigPath, text)
}
