// Package run starts other programs and makes their failures readable: an error names the program, how it ended and
// the last thing it said. A program gets an environment of its own, not the caller's, and does not outlive its context.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"holm/internal/debuglog"
)

const (
	// maxOutput is how much of a program's output is kept in memory, in bytes; more is an error.
	maxOutput = 16 << 20
	// maxStderr is how much of the end of a program's stderr is kept, in bytes.
	maxStderr = 4 << 10
	// grace is how long a program that was told to stop may clean up after itself before it is killed.
	grace = 5 * time.Second
)

// Cmd is a program and how to run it.
type Cmd struct {
	Name string   // looked up in the system's directories unless it contains a slash
	Args []string // without the name
	Env  []string // "KEY=value", added to LC_ALL and PATH; nothing is inherited
	Dir  string   // "" is the caller's

	// OwnMounts gives the program a mount namespace: what it mounts is gone when it is, even when it is killed. It
	// needs root.
	OwnMounts bool

	// Files are the program's file descriptors from 3 up.
	Files []*os.File

	Stdin  io.Reader // nil is /dev/null
	Stdout io.Writer // nil collects it, up to 16 MiB
	Stderr io.Writer // gets it as it comes, besides the end that is kept for the error; nil is nobody
}

// Error is a program that ran and failed.
type Error struct {
	Name   string // without directories
	Code   int    // exit code; -1 when a signal ended it
	Stderr string // the end of its stderr, at most 4 KiB
	Cause  error
}

// Error returns one line.
func (e *Error) Error() string {
	end := e.Cause.Error()
	if e.Code >= 0 {
		end = fmt.Sprintf("exit %d", e.Code)
	}
	if said := lastLine(e.Stderr); said != "" {
		return fmt.Sprintf("%s: %s: %s", e.Name, end, said)
	}
	return fmt.Sprintf("%s: %s", e.Name, end)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Command runs a program with nothing special about it and returns its stdout.
func Command(ctx context.Context, name string, args ...string) ([]byte, error) {
	return Run(ctx, Cmd{Name: name, Args: args})
}

// Run runs a program to its end and returns its stdout, unless c.Stdout takes it. It fails with ErrMissing when the
// program is not there, and with *Error when it did not end with exit code 0.
//
// When ctx ends, the program and all that it started (its process group) get SIGTERM; once the program has ended, at
// the latest after 5 seconds, what is left of them gets SIGKILL. The error then wraps the cause of ctx. A program
// cannot read from the terminal, as its process group is in the background.
func Run(ctx context.Context, c Cmd) ([]byte, error) {
	env := append([]string{"LC_ALL=C.UTF-8", "PATH=" + strings.Join(directories(), ":")}, c.Env...)
	path, err := Look(c.Name)
	if err != nil {
		return nil, err
	}
	stdout, stderr := &output{limit: maxOutput}, &tail{limit: maxStderr}
	cmd := exec.CommandContext(ctx, path, c.Args...)
	cmd.Env, cmd.Dir, cmd.Stdin = env, c.Dir, c.Stdin
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if c.Stdout != nil {
		cmd.Stdout = c.Stdout
	}
	if c.Stderr != nil {
		cmd.Stderr = io.MultiWriter(stderr, c.Stderr)
	}
	cmd.ExtraFiles = c.Files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.OwnMounts {
		cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	}
	cmd.Cancel = func() error { return signalGroup(cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace

	span := debuglog.Program(ctx, cmd)
	err = cmd.Run()
	span.End(debuglog.Ended(cmd, err))
	if ctx.Err() != nil && cmd.Process != nil {
		// The leader is gone, which does not mean that what it had started is.
		_ = signalGroup(cmd.Process.Pid, syscall.SIGKILL)
	}
	if err != nil {
		return nil, explain(ctx, cmd, stdout, stderr, err)
	}
	return stdout.buffer.Bytes(), nil
}

func explain(ctx context.Context, cmd *exec.Cmd, stdout *output, stderr *tail, err error) error {
	e := &Error{Name: base(cmd.Path), Code: -1, Stderr: stderr.String(), Cause: err}
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil:
		e.Cause = fmt.Errorf("stopped: %w", context.Cause(ctx))
	case stdout.overflown:
		e.Cause = fmt.Errorf("printed more than %d MiB", maxOutput>>20)
	case exited:
		e.Code = exit.ExitCode()
	}
	return e
}

// signalGroup signals a process group; that nobody is left in it is no error.
func signalGroup(leader int, sig syscall.Signal) error {
	if err := syscall.Kill(-leader, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}
