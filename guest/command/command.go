// Package command runs one command in an instance for somebody who asked for it through sshd, and says by its exit code
// how the command ended. Sshd tells its client nothing of a signal that a shell would know as 128 and its number, and
// sends none to what runs without a terminal when the client goes away: both are made good here.
package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Program is where this is in an instance, as a name of the agent's.
const Program = "/usr/lib/holm/holm-exec"

// What a shell answers for a command that it cannot run.
const (
	cannotRun = 126
	notFound  = 127
)

// Run runs argv on the streams of this process and returns the exit code: the command's own, or 128 and the number of
// the signal that ended it. When the process that asked for it is gone (sshd's, as soon as the connection is), what
// still runs of the session is told to end, and is killed when it does not.
func Run(argv []string, said io.Writer) int {
	asked, err := watchParent()
	if err != nil {
		_, _ = fmt.Fprintln(said, "holm:", err)
		return cannotRun
	}
	// A terminal sends its signals to the command, too, which decides what they mean. They are caught and not ignored:
	// what is ignored here would be ignored by the command.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:noctx // it is what this program is for, and the session ends it
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		_, _ = fmt.Fprintf(said, "holm: cannot run %q: %v\n", argv[0], reason(err))
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			return notFound
		}
		return cannotRun
	}
	letGo()
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in its state
		close(done)
	}()
	for {
		select {
		case <-done:
			return code(cmd.ProcessState)
		case s := <-signals:
			if s == syscall.SIGHUP || s == syscall.SIGTERM {
				end(cmd.Process.Pid, done)
				return code(cmd.ProcessState)
			}
		case <-asked:
			end(cmd.Process.Pid, done)
			return code(cmd.ProcessState)
		}
	}
}

// watchParent returns a channel that is closed when this process's parent has ended.
func watchParent() (<-chan struct{}, error) {
	gone := make(chan struct{})
	parent := os.Getppid()
	fd, err := unix.PidfdOpen(parent, 0)
	if errors.Is(err, unix.ESRCH) || err == nil && os.Getppid() != parent {
		close(gone)
		return gone, nil
	}
	if err != nil {
		return nil, fmt.Errorf("watch the connection: %w", err)
	}
	go func() {
		for {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1) // #nosec G115 -- a file descriptor
			if n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
				close(gone)
				return
			}
		}
	}()
	return gone, nil
}

// letGo leaves the streams to the command alone: whoever reads its output sees the end of it when the command closes
// it, not when this program ends.
func letGo() {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return
	}
	for fd := range 3 {
		_ = unix.Dup3(int(null.Fd()), fd, 0)
	}
}

func code(state *os.ProcessState) int {
	if state == nil {
		return 128 + int(syscall.SIGKILL)
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// reason is an error without the name of the program, which stands before it already.
func reason(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
