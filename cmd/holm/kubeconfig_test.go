package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/guest/k3sapi"
	"holm/guest/k3sapi/k3stest"
	"holm/internal/fault"
	"holm/internal/term"
)

// kubeWorld is a world whose instance "web" is of the k3s profile; cat is what the guest says the kubeconfig is.
func kubeWorld(t *testing.T, cat func(s *term.Streams) error) *app {
	t.Helper()
	w := newWorld()
	for i := range w.instances {
		if w.instances[i].Name != "off" {
			w.instances[i].Profile = "k3s"
		}
	}
	a := w.app(term.New(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}), func(string) string { return "" })
	state := t.TempDir()
	a.getenv = func(name string) string { return map[string]string{"HOLM_STATE": state}[name] }
	for _, path := range []string{"instances/0123456789ab/known_hosts", "instances/0123456789ad/known_hosts", "keys/ssh_ed25519"} {
		full := filepath.Join(state, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a.program = func(_ context.Context, name string, args []string, s *term.Streams) error {
		if last := args[len(args)-1]; name != "ssh" || !strings.HasSuffix(last, " 'sudo' '-n' 'cat' '--' '/etc/rancher/k3s/k3s.yaml'") {
			t.Errorf("ran %s … %s", name, last)
		}
		return cat(s)
	}
	return a
}

// runKube runs the verb kubeconfig alone, and returns what it left behind.
func runKube(t *testing.T, a *app, args ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	a.streams = term.New(strings.NewReader(""), &out, &err)
	a.args = append([]string{"kubeconfig"}, args...)
	root := a.tree(commands(a)...)
	if found, _, findErr := root.Find([]string{"kubeconfig"}); findErr != nil || found == root {
		root.AddCommand(a.kubeconfigCommand())
	}
	root.SetArgs(a.args)
	root.SetOut(&out)
	root.SetErr(&err)
	code := a.exit(t.Context(), root.ExecuteContext(t.Context()))
	return outcome{code, out.String(), err.String()}
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
	if got.code != 0 || got.err != "" {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	outside, err := k3sapi.ParseKubeconfig([]byte(got.out))
	if err != nil {
		t.Fatal(err)
	}
	if outside.Server != "https://10.77.0.12:6443" || !bytes.Equal(outside.Key, access.Key) {
		t.Errorf("server %s", outside.Server)
	}
	for _, want := range []string{"name: holm-web\n", "current-context: holm-web\n", "cluster: holm-web\n", "user: holm-web\n"} {
		if !strings.Contains(got.out, want) {
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
			a := kubeWorld(t, saying(kubeconfigOf(t, kubeAccess(t))))
			ordinary := a.makeProvisioner
			a.makeProvisioner = func(ctx context.Context, s settings) (engine, error) {
				p, err := ordinary(ctx, s)
				w := p.Instances.(*world)
				for i := range w.instances {
					w.instances[i].APINames = []string{"kube.example.org"}
				}
				return p, err
			}
			path := filepath.Join(t.TempDir(), "config")
			got := runKube(t, a, "web", "--server", c.server, "--file", path)
			content, err := os.ReadFile(path)
			if got.code != 0 || err != nil || !strings.Contains(string(content), "server: "+c.want+"\n") || !strings.Contains(got.err, c.said) {
				t.Errorf("exit %d: %s%v\n%s", got.code, got.err, err, content)
			}
		})
	}
	for _, server := range []string{"kube.example.org", "http://kube.example.org", "https://", "https://me:secret@kube", "https://kube/path", "https://kube?x=1"} {
		if got := runKube(t, kubeWorld(t, saying("")), "web", "--server", server); got.code != 2 || got.out != "" {
			t.Errorf("%s: exit %d", server, got.code)
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
	if got.code != 0 {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	for _, word := range []string{"exec", "command", "evil", "proxy", "insecure", "tokenFile"} {
		if strings.Contains(got.out, word) {
			t.Errorf("%q came through", word)
		}
	}
}

func TestKubeconfigInAFileIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	got := runKube(t, kubeWorld(t, saying(kubeconfigOf(t, kubeAccess(t)))), "web", "--file", path)
	if got.code != 0 || got.out != "" {
		t.Fatalf("exit %d, %q: %s", got.code, got.out, got.err)
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
		"a command that fails":          {"web", func(s *term.Streams) error { s.Say("sudo: \x1b[2Jno"); return exitStatus(1) }, fault.Failure, "cannot be read"},
		"ssh that cannot be run at all": {"web", func(*term.Streams) error { return os.ErrNotExist }, fault.Failure, "not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			got := runKube(t, kubeWorld(t, c.cat), c.instance)
			if got.code != int(c.code) || got.out != "" || strings.Contains(got.err, "\x1b") || !strings.Contains(got.err, c.want) {
				t.Errorf("exit %d, %q, %q", got.code, got.out, got.err)
			}
		})
	}
	w := newWorld()
	a := kubeWorld(t, saying(good))
	a.makeProvisioner = func(context.Context, settings) (engine, error) { return w.engine(), nil }
	if got := runKube(t, a, "web"); got.code != int(fault.Failure) || !strings.Contains(got.err, "--profile k3s") {
		t.Errorf("a docker instance: exit %d, %q", got.code, got.err)
	}
}
