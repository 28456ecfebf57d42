package judge

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"holm/guest/k3sapi"
	"holm/guest/keeper"
	"holm/guest/probe"
	"holm/guest/probe/k3s"
	"holm/guest/report"
)

// relay makes the API server reachable from the machine's own network: the guest's programs connect as they do in a
// guest, and know nothing of the test's network. It returns an address of the loopback.
func (n *node) relay(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := n.net.dial(t.Context(), "tcp", apiAddress)
			if err != nil {
				_ = near.Close()
				continue
			}
			go join(near, far)
			go join(far, near)
		}
	}()
	return listener.Addr().String()
}

func join(to io.WriteCloser, from io.Reader) {
	_, _ = io.Copy(to, from) // that one side has gone is all there is to know
	_ = to.Close()
}

// keep runs the agent's keeper until the test ends, and returns after its first round. The kubeconfig that it reads, and
// the checks after it, differs from the stand-in's in the port alone.
func (n *node) keep(t *testing.T) {
	t.Helper()
	path := filepath.Join(n.root, k3sapi.Kubeconfig)
	access, err := k3sapi.ReadAccess(path)
	if err != nil {
		t.Fatal(err)
	}
	access.Server = "https://" + n.relay(t)
	text, err := access.Kubeconfig("default")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	first, ended := make(chan struct{}), make(chan struct{})
	k := &keeper.Keeper{Connect: func() (*k3sapi.Client, error) { return k3sapi.Open(path) }}
	go func() {
		defer close(ended)
		k.Run(ctx, func() { close(first) })
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	select {
	case <-first:
	case <-time.After(time.Minute):
		t.Fatal("the keeper has not done its first round after a minute")
	}
}

// checks runs the k3s checks of the guest and returns those that did not pass.
func (n *node) checks(t *testing.T) []string {
	t.Helper()
	var caught []string
	env := &probe.Env{Profile: probe.K3s, User: "ops"}
	for _, c := range probe.Run(t.Context(), env, k3s.Below(n.root), func(string) {}) {
		t.Logf("%s: %s: %s", c.ID, c.Outcome, c.Found)
		if c.Outcome != report.Passed {
			caught = append(caught, c.ID)
		}
	}
	return caught
}

func TestTheKeeperGuardsEveryNamespace(t *testing.T) {
	n := start(t, profileFiles(t))
	if err := refused(n.try(t.Context(), unguarded, wellMade()), guardedPolicy); err != nil {
		t.Fatalf("control: before the keeper: %v", err)
	}
	n.keep(t)
	const late = "judged-late"
	space := &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: late}}
	if _, err := n.admin.CoreV1().Namespaces().Create(t.Context(), space, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, namespace := range []string{unguarded, "default", late} {
		eventually(t, func() error { return n.try(t.Context(), namespace, wellMade()) })
		if err := n.isGuarded(t.Context(), namespace); err != nil {
			t.Errorf("pods are admitted to %s: %v", namespace, err)
		}
	}
	policies := n.admin.NetworkingV1().NetworkPolicies(late)
	if err := policies.Delete(t.Context(), keeper.DefaultDeny, meta.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return n.isGuarded(t.Context(), late) })

	if found, err := n.admin.NetworkingV1().NetworkPolicies(keeper.Exempt).List(t.Context(), meta.ListOptions{}); err != nil || len(found.Items) > 0 {
		t.Errorf("%s got policies: %v, %v", keeper.Exempt, found, err)
	}
}

// isGuarded looks at all that the keeper sets up in a namespace, and at what a pod there gets.
func (n *node) isGuarded(ctx context.Context, namespace string) error {
	space, err := n.admin.CoreV1().Namespaces().Get(ctx, namespace, meta.GetOptions{})
	if err != nil {
		return err
	}
	if space.Labels[keeper.Label] != "true" {
		return fmt.Errorf("its labels are %v", space.Labels)
	}
	for _, name := range []string{keeper.DefaultDeny, keeper.AllowDNS} {
		if _, err := n.admin.NetworkingV1().NetworkPolicies(namespace).Get(ctx, name, meta.GetOptions{}); err != nil {
			return err
		}
	}
	pod, err := n.admin.CoreV1().Pods(namespace).Create(ctx, wellMade(), meta.CreateOptions{DryRun: []string{meta.DryRunAll}})
	if err != nil {
		return err
	}
	if len(pod.Spec.Volumes) != 1 {
		return fmt.Errorf("a pod gets more than its own volume: %v", pod.Spec.Volumes)
	}
	return nil
}

func eventually(t *testing.T, holds func() error) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
