// Command k3s-stand-in takes k3s's place in tests, on machines where the real one cannot be had. It is a STAND-IN: the
// real kube-apiserver of the Kubernetes release that its version names, and an embedded etcd, behind the few habits of
// k3s that a profile can see. It reads k3s's config.yaml, hands kube-apiserver-arg on to the API server word by word,
// applies k3s's manifests folder and writes k3s's kubeconfig. It has no kubelet, no scheduler, no controllers and no
// network: no pod ever runs, no namespace is ever emptied. What the API server decides about a request is decided by the
// real thing, and that alone may be concluded from a test against it.
package main

import (
	"fmt"
	"io"
	"os"
)

// version is shown to people and to whoever bakes this program into an image: nobody shall take it for k3s.
const version = "k3s-stand-in v1.34.2 (kube-apiserver and etcd only: no pod runs)"

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "k3s-stand-in:", err)
		os.Exit(1)
	}
}

func run(args []string, out, warn io.Writer) error {
	switch {
	case len(args) == 1 && (args[0] == "--version" || args[0] == "-v"):
		_, err := fmt.Fprintln(out, version)
		return err
	case len(args) == 1 && args[0] == "server":
		_, _ = fmt.Fprintln(warn, "WARNING: this is not k3s but "+version)
		return serve(warn)
	default:
		return fmt.Errorf("it knows \"server\", which takes everything from %s, and \"--version\": got %q", configPath, args)
	}
}
