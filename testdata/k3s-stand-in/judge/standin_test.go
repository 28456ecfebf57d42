package judge

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// In a guest the stand-in is alone: these tests are about itself, not about the profile.

func TestTheStandInAlone(t *testing.T) {
	n := newNode(t, profileFiles(t))
	systemd := notifySocket(t, filepath.Join(n.root, "run/notify"))
	first := n.launch(t, "NOTIFY_SOCKET=/run/notify")
	if got := hear(t, systemd); got != "READY=1" {
		t.Errorf("systemd hears %q", got)
	}
	if _, err := os.Stat(filepath.Join(n.root, "etc/rancher/k3s/k3s.yaml")); err != nil {
		t.Errorf("systemd hears too early: %v", err)
	}
	n.connect(t, first)
	if _, err := n.admin.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Get(t.Context(), "holm-labels", meta.GetOptions{}); err != nil {
		t.Errorf("systemd hears too early: %v", err)
	}
	if got := n.listening(t); !slices.Equal(got, []string{"192B"}) { // 6443
		t.Errorf("these ports are open: %v", got)
	}
	kept := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: "kept"}}
	if _, err := n.admin.CoreV1().ConfigMaps("default").Create(t.Context(), kept, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if code := first.stop(); code != 0 {
		t.Errorf("stopped, it exits with %d", code)
	}
	if !bytes.Contains(first.said.Bytes(), []byte("this is not k3s")) {
		t.Error("it does not warn that it is a stand-in")
	}

	// A reboot. The administrator's old certificate goes on working.
	admin := n.admin
	if err := os.Remove(filepath.Join(n.root, "etc/rancher/k3s/k3s.yaml")); err != nil {
		t.Fatal(err)
	}
	n.connect(t, n.launch(t))
	if _, err := admin.CoreV1().ConfigMaps("default").Get(t.Context(), "kept", meta.GetOptions{}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func TestTheStandInRefusesAKeyThatK3sDoesNotKnow(t *testing.T) {
	files := change{configPath, "secrets-encryption:", "secret-encryption:"}.apply(t, profileFiles(t))
	n := newNode(t, files)
	p := n.launch(t)
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		t.Fatal("it goes on")
	}
	if code := p.command.ProcessState.ExitCode(); code != 1 || !bytes.Contains(p.said.Bytes(), []byte("secret-encryption")) {
		t.Errorf("exit %d: %s", code, tail(p.said.Bytes()))
	}
}

func TestTheStandInSaysWhatItIs(t *testing.T) {
	if standIn == "" {
		leave(t, "the stand-in is built for root alone")
	}
	out, err := exec.Command(standIn, "--version").Output()
	if err != nil || !strings.HasPrefix(string(out), "k3s-stand-in v1.34.2 ") {
		t.Errorf("it says %q, %v", out, err)
	}
}

func notifySocket(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func hear(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 256)
	n, err := conn.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

// listening are the TCP ports of the node's network that somebody listens on, in hexadecimal.
func (n *node) listening(t *testing.T) []string {
	t.Helper()
	var tables []byte
	if err := n.net.do(func() error {
		for _, path := range []string{"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"} {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			tables = append(tables, text...)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var ports []string
	for lines := bufio.NewScanner(bytes.NewReader(tables)); lines.Scan(); {
		const listens = "0A"
		if f := strings.Fields(lines.Text()); len(f) > 3 && f[3] == listens {
			_, port, _ := strings.Cut(f[1], ":")
			ports = append(ports, port)
		}
	}
	return ports
}
