//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds every single run of holm. It is no expectation: a guest that is emulated on a busy machine is slow.
const patience = 15 * time.Minute

// call is one run of holm that is yet to be made.
type call struct {
	args  []string
	state string
	env   []string
	stdin io.Reader
	as    *syscall.Credential
}

// outcome is what a run of holm came to. The code of a run that was killed is 128 and its signal, as in a shell.
type outcome struct {
	code           int
	stdout, stderr string
}

func holm(args ...string) call { return call{args: args, state: stateDir} }

func (c call) in(state string) call            { c.state = state; return c }
func (c call) with(env ...string) call         { c.env = append(c.env, env...); return c }
func (c call) reading(r io.Reader) call        { c.stdin = r; return c }
func (c call) by(who *syscall.Credential) call { c.as = who; return c }
func (c call) run(t *testing.T) outcome        { t.Helper(); return c.do(t.Context()) }
func (c call) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(binDir, "holm"), c.args...)
	cmd.Env = append(environment(c.state), c.env...)
	cmd.Stdin = c.stdin
	cmd.WaitDelay = 10 * time.Second
	if c.as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as}
	}
	return cmd
}

// environment is what holm runs in, whatever the caller has set.
func environment(state string) []string {
	return []string{
		"PATH=" + binDir + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "LC_ALL=C.UTF-8", "HOLM_STATE=" + state,
	}
}

func (c call) do(ctx context.Context) outcome {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var out, diag bytes.Buffer
	cmd := c.command(ctx)
	cmd.Stdout, cmd.Stderr = &out, &diag
	return ended(cmd.Run(), &out, &diag)
}

func ended(err error, out, diag *bytes.Buffer) outcome {
	o := outcome{stdout: out.String(), stderr: diag.String()}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		o.code = exit.ExitCode()
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			o.code = 128 + int(status.Signal())
		}
	} else if err != nil {
		o.code, o.stderr = -1, o.stderr+err.Error()
	}
	return o
}

// must fails the test unless the run ended well, and returns what it printed.
func (c call) must(t *testing.T) string {
	t.Helper()
	o := c.run(t)
	if o.code != 0 {
		t.Fatalf("holm %s: exit %d\n%s%s", strings.Join(c.args, " "), o.code, o.stdout, o.stderr)
	}
	return o.stdout
}

// view is what "holm show -o json" says of an instance, as far as these tests look at it.
type view struct {
	ID        string
	Name      string
	Tenant    string
	Status    string
	State     string
	Failure   string
	Domain    string
	UID       uint32
	Address   string
	Image     string
	HostKey   string `json:"host_key"`
	MachineID string `json:"machine_id"`
	BootID    string `json:"boot_id"`
	Accel     string
	Passed    int `json:"checks_passed"`
	Total     int `json:"checks_total"`
	Undecided int
}

func show(t *testing.T, name string, flags ...string) view {
	t.Helper()
	var v view
	decode(t, holm(append([]string{"show", name, "-o", "json"}, flags...)...).must(t), &v)
	return v
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
}

// guest runs a command in an instance.
func guest(name string, command ...string) call {
	return holm(append([]string{"exec", name, "--"}, command...)...)
}

// shell runs a line in a shell of the instance's and returns what it printed.
func shell(t *testing.T, name, line string) string {
	t.Helper()
	return strings.TrimSpace(guest(name, "sh", "-c", line).must(t))
}

// tidy removes an instance, if it is there, when the test ends. Its console is shown when the test failed.
func tidy(t *testing.T, name string, flags ...string) {
	t.Helper()
	t.Cleanup(func() {
		ctx := context.Background() // the test's own has ended
		if t.Failed() {
			logs := holm(append([]string{"logs", name}, flags...)...).do(ctx)
			t.Logf("the console of %s ends with:\n%s", name, tail(logs.stdout))
		}
		if rm := holm(append([]string{"rm", "--yes", name}, flags...)...).do(ctx); rm.code != 0 && rm.code != 4 {
			t.Errorf("remove %s: exit %d\n%s", name, rm.code, rm.stderr)
		}
	})
}

// tail is the end of a text: enough to see what went wrong.
func tail(text string) string { return text[max(0, len(text)-2000):] }

// scratch is a second state directory, which QEMU can pass through; it is gone when the test ends.
func scratch(t *testing.T, name string) string {
	t.Helper()
	dir := stateDir + "-" + name
	if err := os.Mkdir(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
