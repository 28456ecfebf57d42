package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"time"
)

// work is a command whose output go test writes, or another one in its manner.
type work struct {
	args  []string
	dir   string // where it runs; "" is the root of the source
	env   []string
	shown *regexp.Regexp // the lines that are worth seeing as they come
}

// grace is how long what was cut off may take to put away what it has made.
const grace = time.Minute

// do runs the command, writes all that it says to log and what is worth seeing to shown. Its processes end with ctx.
func (w work) do(ctx context.Context, log, shown io.Writer) error {
	cmd := exec.CommandContext(ctx, w.args[0], w.args[1:]...)
	cmd.Dir, cmd.Env = w.dir, append(os.Environ(), w.env...)
	// A group of its own: the tests' children end with them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	signal := func(s syscall.Signal) error { return syscall.Kill(-cmd.Process.Pid, s) }
	cmd.Cancel = func() error { return signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = to, to
	err = cmd.Start()
	_ = to.Close()
	if err != nil {
		return errors.Join(err, from.Close())
	}
	passed := make(chan error, 1)
	go func() { passed <- pass(from, log, shown, w.shown) }()
	err = cmd.Wait()
	if ctx.Err() != nil {
		// What did not listen, or does not belong to go test's own child, and keeps the pipe open.
		select {
		case heard := <-passed:
			return errors.Join(err, heard, from.Close())
		case <-time.After(grace):
			_ = signal(syscall.SIGKILL)
		}
	}
	return errors.Join(err, <-passed, from.Close())
}

// pass copies lines: all of them to log, and to shown those that match.
func pass(from io.Reader, log, shown io.Writer, match *regexp.Regexp) error {
	lines := bufio.NewReaderSize(from, 1<<16)
	for {
		line, err := lines.ReadString('\n')
		if _, failed := io.WriteString(log, line); failed != nil {
			return failed
		}
		if match.MatchString(line) {
			if _, failed := io.WriteString(shown, line); failed != nil {
				return failed
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// quietly runs a command for its verdict, and lets one see what it says.
func quietly(ctx context.Context, out io.Writer, args ...string) bool {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd.Run() == nil
}
