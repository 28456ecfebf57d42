package command_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"holm/guest/command"
)

// asked makes the test binary the program under test.
const asked = "HOLM_COMMAND_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(asked) != "" {
		_ = os.Unsetenv(asked)
		os.Exit(command.Run(os.Args[1:], os.Stderr))
	}
	os.Exit(m.Run())
}

// program runs argv as sshd would: in a session of its own.
func program(t *testing.T, argv ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], argv...)
	cmd.Env = append(os.Environ(), asked+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

func TestTheExitCodeSaysHowTheCommandEnded(t *testing.T) {
	for _, c := range []struct {
		name string
		argv []string
		code int
	}{
		{"well", []string{"true"}, 0},
		{"with a code", []string{"sh", "-c", "exit 7"}, 7},
		{"with the code that ssh has for itself", []string{"sh", "-c", "exit 255"}, 255},
		{"by SIGKILL", []string{"sh", "-c", "kill -9 $$"}, 137},
		{"by SIGTERM", []string{"sh", "-c", "kill -15 $$"}, 143},
		{"by a closed pipe", []string{"sh", "-c", "kill -13 $$"}, 141},
		{"there is none", []string{"holm-none"}, 127},
		{"there is no such file", []string{"/nonexistent/program"}, 127},
		{"it is a folder", []string{"/etc"}, 126},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said bytes.Buffer
			cmd := program(t, c.argv...)
			cmd.Stderr = &said
			err := cmd.Run()
			code := 0
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != c.code {
				t.Errorf("exit %d, want %d: %s", code, c.code, said.String())
			}
			if failed := c.code == 126 || c.code == 127; failed != strings.HasPrefix(said.String(), "holm: cannot run ") {
				t.Errorf("it said %q", said.String())
			}
		})
	}
}

func TestStreamsPassThrough(t *testing.T) {
	cmd := program(t, "sh", "-c", "cat; echo err >&2")
	var out, diag bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("a\x00b"), &out, &diag
	if err := cmd.Run(); err != nil || out.String() != "a\x00b" || diag.String() != "err\n" {
		t.Errorf("%v %q %q", err, out.String(), diag.String())
	}
}

// Whoever ends, and however: the command and what it started end, and what made itself a daemon stays.
func TestTheSessionEndsWithTheConnection(t *testing.T) {
	for name, drop := range map[string]func(parent, own int) error{
		"the connection is gone":     func(parent, _ int) error { return syscall.Kill(parent, syscall.SIGKILL) },
		"the terminal is gone":       func(_, own int) error { return syscall.Kill(own, syscall.SIGHUP) },
		"the program is told to end": func(_, own int) error { return syscall.Kill(own, syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			script := `trap '' HUP; sleep 300 & echo $! >child; setsid sh -c 'echo $$ >daemon; exec sleep 300' & echo $PPID >own; wait`
			parent := parentOf(t, dir, script)
			own := number(t, dir, "own")
			child, daemon := number(t, dir, "child"), number(t, dir, "daemon")
			t.Cleanup(func() { _ = syscall.Kill(daemon, syscall.SIGKILL) })
			if err := drop(parent, own); err != nil {
				t.Fatal(err)
			}
			for _, pid := range []int{own, child} {
				if !endsSoon(pid) {
					t.Errorf("process %d still runs", pid)
				}
			}
			if err := syscall.Kill(daemon, 0); err != nil {
				t.Errorf("the daemon has ended: %v", err)
			}
		})
	}
}

// parentOf starts a process that runs the program in a session of its own, and returns its number.
func parentOf(t *testing.T, dir, script string) int {
	t.Helper()
	// The shell stands for sshd's process. A background job leads no process group, so setsid(1) does not fork.
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `setsid "$0" sh -c "$1" & wait`, os.Args[0], script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), asked+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd.Process.Pid
}

func number(t *testing.T, dir, name string) int {
	t.Helper()
	for range 200 {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if n, convErr := strconv.Atoi(strings.TrimSpace(string(content))); err == nil && convErr == nil {
			return n
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Fatalf("%s was never written", name)
	return 0
}

func endsSoon(pid int) bool {
	for range 300 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return true
		}
		<-time.After(50 * time.Millisecond)
	}
	return false
}
