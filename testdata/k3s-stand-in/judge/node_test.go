package judge

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"holm/cloudinit/profiles"
)

const (
	apiAddress  = "127.0.0.1:6443"
	etcdAddress = "127.0.0.1:2379"
	nodeAddress = "10.77.0.12"
)

// node is one cluster that runs: Debian's etcd and the stand-in, the latter in a root of its own with the profile's files.
type node struct {
	root   string
	net    *netns
	config *rest.Config // the administrator's
	admin  kubernetes.Interface
}

func profileFiles(t *testing.T) []profiles.File {
	t.Helper()
	files, err := profiles.Files(profiles.K3s, profiles.Params{
		InstanceID: "0123456789ab", Hostname: "web", User: "ops", Address: netip.MustParseAddr(nodeAddress),
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// start runs a cluster with the files until the test ends, and prepares what the judgements work in.
func start(t *testing.T, files []profiles.File) *node {
	t.Helper()
	n := newNode(t, files)
	if _, err := exec.LookPath("etcd"); err != nil {
		leave(t, "the judge of k3s needs Debian's etcd: apt-get install etcd-server")
	}
	// Where k3s's own would be: the guest's checks read the datastore's files.
	data := filepath.Join(n.root, "var/lib/rancher/k3s/server/db/etcd")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	n.spawn(t, exec.Command("etcd", "--data-dir", data, "--log-level", "error",
		"--listen-client-urls", "http://"+etcdAddress, "--advertise-client-urls", "http://"+etcdAddress,
		"--listen-peer-urls", "http://127.0.0.1:2380"))
	n.connect(t, n.launch(t, "K3S_DATASTORE_ENDPOINT=http://"+etcdAddress))
	furnish(t, n)
	return n
}

// newNode makes a root with the files and the stand-in, and a network; nothing runs in them yet.
func newNode(t *testing.T, files []profiles.File) *node {
	t.Helper()
	if os.Getuid() != 0 {
		leave(t, "the judge of k3s needs root: it starts the stand-in in a root and a network of its own")
	}
	n := &node{root: t.TempDir(), net: newNetns(t)}
	for _, f := range files {
		place(t, filepath.Join(n.root, f.Path), f.Content, f.Mode)
	}
	program, err := os.ReadFile(standIn)
	if err != nil {
		t.Fatal(err)
	}
	place(t, filepath.Join(n.root, "usr/local/bin/k3s"), program, 0o755)
	place(t, filepath.Join(n.root, "etc/hosts"), []byte("127.0.0.1 localhost\n"), 0o644)
	return n
}

// launch starts the stand-in in the node's root.
func (n *node) launch(t *testing.T, env ...string) process {
	t.Helper()
	k3s := exec.Command("/usr/local/bin/k3s", "server")
	k3s.Env = append([]string{"PATH=/usr/local/bin"}, env...)
	k3s.Dir = "/"
	k3s.SysProcAttr = &syscall.SysProcAttr{Chroot: n.root}
	return n.spawn(t, k3s)
}

// leave leaves the test out where it cannot run; who is root, or CI, expects it to.
func leave(t *testing.T, why string) {
	t.Helper()
	if os.Getuid() == 0 || os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func place(t *testing.T, path string, content []byte, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		t.Fatal(err)
	}
}

// process is a program that the test has started.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
	said    *bytes.Buffer // to be read after it has ended
}

// spawn starts a program inside the node's network; it is stopped with the test, and dies with the test's process.
func (n *node) spawn(t *testing.T, c *exec.Cmd) process {
	t.Helper()
	p := process{command: c, ended: make(chan struct{}), said: new(bytes.Buffer)}
	c.Stdout, c.Stderr = p.said, p.said
	if c.SysProcAttr == nil {
		c.SysProcAttr = new(syscall.SysProcAttr)
	}
	c.SysProcAttr.Pdeathsig = syscall.SIGKILL // of the thread that started it, which lives as long as the network
	if err := n.net.do(c.Start); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = c.Wait() // what it said is in the log below
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", c.Path, tail(p.said.Bytes()))
		}
	})
	return p
}

// stop ends the process as systemd does, and returns its exit code.
func (p process) stop() int {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		_ = p.command.Process.Kill()
		<-p.ended
	}
	return p.command.ProcessState.ExitCode()
}

func tail(text []byte) []byte {
	const enough = 8000
	return text[max(0, len(text)-enough):]
}

// connect waits for the kubeconfig, which the stand-in writes once it is ready, and becomes its administrator.
func (n *node) connect(t *testing.T, k3s process) {
	t.Helper()
	path := filepath.Join(n.root, "etc/rancher/k3s/k3s.yaml")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		info, err := os.Stat(path)
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Fatalf("the kubeconfig is for others than root: %s", info.Mode())
		}
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		select {
		case <-k3s.ended:
			t.Fatalf("the stand-in did not start:\n%s", tail(k3s.said.Bytes()))
		case <-ctx.Done():
			t.Fatal("the stand-in is not ready after three minutes")
		case <-time.After(100 * time.Millisecond):
		}
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	config.Dial = n.net.dial
	config.QPS = -1
	n.config = config
	if n.admin, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
}

// asEditor returns a client of the editor, who is in no group but that of all who are known.
func (n *node) asEditor() (kubernetes.Interface, error) {
	c := rest.CopyConfig(n.config)
	c.Impersonate = rest.ImpersonationConfig{UserName: editor, Groups: []string{"system:authenticated"}}
	return kubernetes.NewForConfig(c)
}
