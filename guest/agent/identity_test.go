package agent

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/guest/report"
)

func TestTheGuestSaysWhoItIs(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  report.Report
	}{
		"all of it": {map[string]string{
			"/proc/sys/kernel/random/boot_id": "b00t\n",
			"/etc/machine-id":                 "machine\n",
			"/proc/uptime":                    "12.34 20.00\n",
			hostKeyFile:                       "ssh-ed25519 AAAA root@web\n",
		}, report.Report{BootID: "b00t", MachineID: "machine", HostKey: "ssh-ed25519 AAAA", Uptime: 12.34}},
		"nothing yet": {nil, report.Report{}},
		"before the host key is made": {
			map[string]string{"/etc/machine-id": "machine\n", hostKeyFile: ""}, report.Report{MachineID: "machine"},
		},
		"a key of one word":       {map[string]string{hostKeyFile: "ssh-ed25519\n"}, report.Report{}},
		"a key without a comment": {map[string]string{hostKeyFile: "ssh-ed25519 AAAA"}, report.Report{HostKey: "ssh-ed25519 AAAA"}},
		"more than one line":      {map[string]string{"/etc/machine-id": " machine \nevil\n"}, report.Report{MachineID: "machine"}},
		"an uptime of rubbish":    {map[string]string{"/proc/uptime": "soon enough"}, report.Report{}},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Agent{Root: t.TempDir()}
			for path, content := range c.files {
				put(t, a.Root, path, content, 0o600)
			}
			var got report.Report
			a.identity(&got)
			if got.Kernel == "" {
				t.Error("no kernel")
			}
			if time.Since(got.Clock).Abs() > time.Minute || got.Clock.Location() != time.UTC {
				t.Errorf("its clock says %v", got.Clock)
			}
			c.want.Version = report.Version
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(report.Report{}, "Kernel", "Clock")); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

// systemd listens on a socket until the agent is ready.
func systemd(t *testing.T) *net.UnixConn {
	t.Helper()
	socket := filepath.Join(shortDir(t), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", socket)
	return conn
}

func wantNotified(t *testing.T, conn *net.UnixConn) {
	t.Helper()
	buf := make([]byte, 100)
	n, err := conn.Read(buf)
	if err != nil || string(buf[:n]) != "READY=1" {
		t.Errorf("systemd was told %q (%v)", buf[:n], err)
	}
}

func TestSystemdIsTold(t *testing.T) {
	conn := systemd(t)
	if err := notifyReady(); err != nil {
		t.Fatal(err)
	}
	wantNotified(t, conn)

	t.Setenv("NOTIFY_SOCKET", "")
	if err := notifyReady(); err != nil {
		t.Errorf("outside systemd: %v", err)
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "none"))
	if err := notifyReady(); err == nil {
		t.Error("nobody was told, and that is no error")
	}
}
