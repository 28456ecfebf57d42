package inside

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"holm/cmd/holm/cli"
	"holm/internal/debuglog"
	"holm/internal/run"
	"holm/internal/term"
)

// RunProgram runs an OpenSSH program, or docker, on the caller's streams and waits for it. Its exit code comes back as
// exitStatus. It does not outlive this process, however that ends.
func RunProgram(ctx context.Context, name string, args []string, streams *term.Streams) error {
	return RunProgramAs(ctx, nil, name, args, streams)
}

// RunProgramAs is runProgram as another user.
func RunProgramAs(ctx context.Context, as *syscall.Credential, name string, args []string, streams *term.Streams) error {
	path, err := run.Look(name)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args...) // #nosec G204 -- the arguments are built by the functions in sshargs.go
	cmd.Stdin, cmd.Stdout, cmd.Stderr = streams.In, term.Unwatched(streams.Out), term.Unwatched(streams.Err)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	// The signal is that of the end of the thread that has started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Credential: as}
	log := debuglog.FromContext(ctx)
	log.Debug("program begun", slog.String("name", path), slog.Any("args", debuglog.Words(ownArgs(args))), slog.Int("of", len(args)))
	begun := time.Now()
	err = cmd.Run()
	log.Debug("program ended", slog.String("name", path), slog.Duration("took", time.Since(begun).Round(time.Millisecond)),
		debuglog.Ended(cmd, err))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return cli.ExitStatus(128 + int(status.Signal()))
		}
		return cli.ExitStatus(exit.ExitCode())
	}
	return err
}

// ownArgs are the arguments of ssh, scp or docker that are holm's: the options it sets, and the word behind them, which for ssh is the
// guest's address. What a person adds comes after, and may hold a secret.
func ownArgs(args []string) []string {
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-F", "-o", "-E", "-e":
			i++ // its value
		case "-T", "-tt", "-n", "-r", "-p", "-q", "--":
		default:
			return args[:i+1]
		}
	}
	return args
}
