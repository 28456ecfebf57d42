//go:build e2e

package e2e

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"holm/internal/lock"
)

// begun is a holm that runs.
type begun struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	said *watched
}

// begin starts holm and waits until it has said a text.
func begin(t *testing.T, until string, args ...string) *begun {
	t.Helper()
	b := &begun{cmd: holm(args...).command(t.Context()), said: &watched{}}
	b.cmd.Stdout, b.cmd.Stderr = &b.out, b.said
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b.said.wait(t, until)
	return b
}

// interrupt presses Ctrl-C.
func (b *begun) interrupt(t *testing.T) {
	t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

func (b *begun) end() outcome {
	err := b.cmd.Wait()
	var diag bytes.Buffer
	diag.WriteString(b.said.text())
	return ended(err, &b.out, &diag)
}

func TestCtrlCBeforeTheStartUndoesEverything(t *testing.T) {
	const name = prefix + "ctrl-c"
	tidy(t, name)
	warm(t)
	before := inventory(t, stateDir)
	// A step that waits for the network's lock is one that can be interrupted at leisure.
	held, err := lock.Acquire(t.Context(), filepath.Join(stateDir, "locks", ".network"))
	if err != nil {
		t.Fatal(err)
	}
	b := begin(t, "reserved", "create", name, "--profile", "plain", "--flavor", "tiny")
	b.interrupt(t)
	b.said.wait(t, "stopping")
	if err := held.Release(); err != nil { // undoing needs it
		t.Fatal(err)
	}
	o := b.end()
	if o.code != 130 || !strings.Contains(o.stderr, "undone") {
		t.Errorf("exit %d, want 130 and what was undone:\n%s", o.code, o.stderr)
	}
	unchanged(t, stateDir, before)
}

func TestCtrlCWhileBootingKeepsTheInstance(t *testing.T) {
	beside(t, nil)
	const name = prefix + "ctrl-c-boot"
	tidy(t, name)
	b := begin(t, "started", "create", name, "--profile", "plain", "--flavor", "tiny")
	b.interrupt(t)
	o := b.end()
	v := show(t, name)
	if o.code != 130 || !strings.Contains(o.stderr, "holm wait "+name) || v.State != "booting" {
		t.Errorf("exit %d, state %s, want 130, booting, and how to go on:\n%s", o.code, v.State, o.stderr)
	}
	holm("wait", name).must(t)
	if v := show(t, name); v.Status != "ready" {
		t.Errorf("after wait it is %s", v.Status)
	}
	holm("rm", "--yes", name).must(t)
}
