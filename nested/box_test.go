//go:build nested

package nested

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// patience bounds every single command in the box. It is no expectation: a box that is emulated on a busy machine is slow.
const patience = 20 * time.Minute

// box is the host that runs as a guest. All commands share one connection, as a handshake takes seconds in there.
type box struct{ config, socket string }

// outcome is what a command came to. 255 is SSH's own failure.
type outcome struct {
	code           int
	stdout, stderr string
}

func (b box) command(ctx context.Context, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "ssh", "-F", b.config, "-o", "ControlMaster=auto", "-o", "ControlPath="+b.socket,
		"-o", "ControlPersist=yes", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15", boxName, script)
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// hangUp ends the shared connection.
func (b box) hangUp(ctx context.Context) {
	_ = exec.CommandContext(ctx, "ssh", "-F", b.config, "-o", "ControlPath="+b.socket, "-O", "exit", boxName).Run()
}

// do runs a script of bash's as root.
func (b box) do(ctx context.Context, script string) outcome {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var out, diag bytes.Buffer
	cmd := b.command(ctx, script)
	cmd.Stdout, cmd.Stderr = &out, &diag
	err := cmd.Run()
	o := outcome{stdout: strings.TrimSpace(out.String()), stderr: strings.TrimSpace(diag.String())}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		o.code = exit.ExitCode()
	} else if err != nil {
		o.code, o.stderr = -1, o.stderr+err.Error()
	}
	return o
}

// sh runs a script that has to end well, and returns what it printed.
func sh(t *testing.T, script string) string {
	t.Helper()
	o := host.do(t.Context(), script)
	if o.code != 0 {
		t.Fatalf("in the box: %s: exit %d\n%s\n%s", script, o.code, o.stdout, o.stderr)
	}
	return o.stdout
}

// ends runs a script that has to end with this code, and returns what it said.
func ends(t *testing.T, code int, script string) outcome {
	t.Helper()
	o := host.do(t.Context(), script)
	if o.code != code {
		t.Errorf("in the box: %s: exit %d, want %d\n%s\n%s", script, o.code, code, o.stdout, o.stderr)
	}
	return o
}

// until runs a script in the box again and again until it ends well.
func until(t *testing.T, what, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var last outcome
	for {
		if last = host.do(ctx, script); last.code == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not so after %v: %s: exit %d\n%s\n%s", what, patience, script, last.code, last.stdout, last.stderr)
		case <-time.After(time.Second):
		}
	}
}

// decode reads what a verb of holm's prints with -o json.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
}

// instance is what "holm show -o json" says, as far as these tests look at it.
type instance struct {
	ID, Name, Status, State, Domain, Address, Accel string
	UID                                             uint32

	HostKey   string `json:"host_key"`
	MachineID string `json:"machine_id"`
	BootID    string `json:"boot_id"`
	Passed    int    `json:"checks_passed"`
	Total     int    `json:"checks_total"`
}

func show(t *testing.T, name string) instance {
	t.Helper()
	var v instance
	decode(t, sh(t, "holm show "+name+" -o json"), &v)
	return v
}

// tidy removes an instance, if it is there.
func tidy(t *testing.T, name string) {
	t.Helper()
	// The test's own context has ended.
	if rm := host.do(context.Background(), "holm rm --yes "+name); rm.code != 0 && rm.code != 4 {
		t.Errorf("remove %s: exit %d\n%s", name, rm.code, rm.stderr)
	}
}

// restore puts a file back of which /root/before is a copy; without a copy there was none.
func restore(t *testing.T, file string) {
	t.Helper()
	if o := host.do(context.Background(), "if test -e /root/before; then mv /root/before "+file+"; else rm "+file+"; fi"); o.code != 0 {
		t.Errorf("put %s back: %s", file, o.stderr)
	}
}
