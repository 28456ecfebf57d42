package inside

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/clitest"
	"holm/guest/k3sapi"
	"holm/guest/k3sapi/k3stest"
	"holm/internal/fault"
	"holm/internal/term"
)

// kubeWorld is a world whose instance "web" is of the k3s profile; cat is what the guest says the kubeconfig is.
func kubeWorld(t *testing.T, cat func(s *term.Streams) error) *world {
	t.Helper()
	w := newWorld()
	for i := range w.Instances {
		if w.Instances[i].Name != "off" {
			w.Instances[i].Profile = "k3s"
		}
	}
	state := t.TempDir()
	w.Env = map[string]string{"HOLM_STATE": state}
	for _, path := range []string{"instances/0123456789ab/known_hosts", "instances/0123456789ad/known_hosts", "keys/ssh_ed25519"} {
		full := filepath.Join(state, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.Program = func(_ context.Context, name string, args []string, s *term.Streams) error {
		if last := args[len(args)-1]; name != "ssh" || !strings.HasSuffix(last, " 'sudo' '-n' 'cat' '--' '/etc/rancher/k3s/k3s.yaml'") {
			t.Errorf("ran %s … %s", name, last)
		}
		return cat(s)
	}
	return w
}

// runKube runs the verb kubeconfig, and returns what it left behind.
func runKube(t *testing.T, w *world, args ...string) clitest.Outcome {
	t.Helper()
	return w.Run(t, append([]string{"kubeconfig"}, args...)...)
}

func kubeAccess(t *testing.T) k3sapi.Access {
	t.Helper()
	access := k3stest.New(t).Access(t)
	access.Server = "https://127.0.0.1:6443"
	return access
}

func kubeconfigOf(t *testing.T, access k3sapi.Access) string {
	t.Helper()
	data, err := access.Kubeconfig("default")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func saying(text string) func(*term.Streams) error {
	return func(s *term.Streams) error {
		_, err := s.Out.Write([]byte(text))
		return err
	}
}

func TestKubeconfigIsThatOfTheInstanceAsSeenFromOutside(t *testing.T) {
	access := kubeAccess(t)
	got := runKube(t, kubeWorld(t, saying(kubeconfigOf(t, access))), "web")
	if got.Code != 0 || got.Err != "" {
		t.Fatalf("exit %d: %s", got.Code, got.Err)
	}
	outside, err := k3sapi.ParseKubeconfig([]byte(got.Out))
	if err != nil {
		t.Fatal(err)
	}
	if outside.Server != "https://10.77.0.12:6443" || !bytes.Equal(outside.Key, access.Key) {
		t.Errorf("server %s", outside.Server)
	}
	for _, want := range []string{"name: holm-web\n", "current-context: holm-web\n", "cluster: holm-web\n", "user: holm-web\n"} {
		if !strings.Contains(got.Out, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestKubeconfigLeadsToWhereItIsUsed(t *testing.T) {
	for _, c := range []struct{ name, server, want, said string }{
		{"a name of the certificate", "https://kube.example.org:8443", "https://kube.example.org:8443", "wrote"},
		{"the port of an API goes without saying", "https://kube.example.org", "https://kube.example.org:6443", "wrote"},
		{"a name that is in no certificate", "https://other.example.org:6443", "https://other.example.org:6443", "--api-name other.example.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := kubeWorld(t, saying(kubeconfigOf(t, kubeAccess(t))))
			for i := range w.Instances {
				w.Instances[i].APINames = []string{"kube.example.org"}
			}
			path := filepath.Join(t.TempDir(), "config")
			got := runKube(t, w, "web", "--server", c.server, "--file", path)
			content, err := os.ReadFile(path)
			if got.Code != 0 || err != nil || !strings.Contains(string(content), "server: "+c.want+"\n") || !strings.Contains(got.Err, c.said) {
				t.Errorf("exit %d: %s%v\n%s", got.Code, got.Err, err, content)
			}
		})
	}
	for _, server := range []string{"kube.example.org", "http://kube.example.org", "https://", "https://me:secret@kube", "https://kube/path", "https://kube?x=1"} {
		if got := runKube(t, kubeWorld(t, saying("")), "web", "--server", server); got.Code != 2 || got.Out != "" {
			t.Errorf("%s: exit %d", server, got.Code)
		}
	}
}

func TestKubeconfigTakesNothingElseFromTheGuest(t *testing.T) {
	hostile := strings.Replace(kubeconfigOf(t, kubeAccess(t)), "  user:\n", `  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: rm, args: [-rf, /]}
    tokenFile: /etc/shadow
`, 1)
	hostile = strings.Replace(hostile, "    server: https://127.0.0.1:6443\n", "    server: https://evil.example:6443\n    proxy-url: http://evil.example\n    insecure-skip-tls-verify: true\n", 1)
	got := runKube(t, kubeWorld(t, saying(hostile)), "web")
	if got.Code != 0 {
		t.Fatalf("exit %d: %s", got.Code, got.Err)
	}
	for _, word := range []string{"exec", "command", "evil", "proxy", "insecure", "tokenFile"} {
		if strings.Contains(got.Out, word) {
			t.Errorf("%q came through", word)
		}
	}
}

func TestKubeconfigInAFileIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	got := runKube(t, kubeWorld(t, saying(kubeconfigOf(t, kubeAccess(t)))), "web", "--file", path)
	if got.Code != 0 || got.Out != "" {
		t.Fatalf("exit %d, %q: %s", got.Code, got.Out, got.Err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

func TestKubeconfigRefuses(t *testing.T) {
	good := kubeconfigOf(t, kubeAccess(t))
	other := kubeconfigOf(t, k3sapi.Access{Server: "https://h", CA: kubeAccess(t).CA, Certificate: kubeAccess(t).Certificate, Key: kubeAccess(t).Key})
	for name, c := range map[string]struct {
		instance string
		cat      func(*term.Streams) error
		code     fault.Kind
		want     string
	}{
		"no such instance":              {"nobody", saying(good), fault.NotFound, "nobody"},
		"an instance that is off":       {"off", saying(good), fault.Failure, "holm start off"},
		"one that is not ready":         {"young", saying(good), fault.Failure, "holm wait young"},
		"an endless answer":             {"web", saying(strings.Repeat("a: b\n", 1<<20)), fault.Failure, "longer than 64 KiB"},
		"what is no kubeconfig":         {"web", saying("\x1b[2J"), fault.Failure, "no kubeconfig"},
		"a key that is another's":       {"web", saying(other), fault.Failure, "not that of the certificate"},
		"a command that fails":          {"web", func(s *term.Streams) error { s.Say("sudo: \x1b[2Jno"); return cli.ExitStatus(1) }, fault.Failure, "cannot be read"},
		"ssh that cannot be run at all": {"web", func(*term.Streams) error { return os.ErrNotExist }, fault.Failure, "not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			got := runKube(t, kubeWorld(t, c.cat), c.instance)
			if got.Code != int(c.code) || got.Out != "" || strings.Contains(got.Err, "\x1b") || !strings.Contains(got.Err, c.want) {
				t.Errorf("exit %d, %q, %q", got.Code, got.Out, got.Err)
			}
		})
	}
	w := newWorld()
	if got := runKube(t, w, "web"); got.Code != int(fault.Failure) || !strings.Contains(got.Err, "--profile k3s") {
		t.Errorf("a docker instance: exit %d, %q", got.Code, got.Err)
	}
}
