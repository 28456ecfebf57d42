package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// ErrInterrupted is the cause of a context that Ctrl-C, SIGTERM, a hangup or a closed pipe ended.
var ErrInterrupted = errors.New("interrupted")

// interruptible ends the context at the first Ctrl-C, SIGTERM or hangup, or when nobody reads what holm writes any more,
// so that what was begun is undone or left resumable, and gives the signals back to the system: a second one kills.
func (a *App) interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup has it ignored, and means it
		signal.Notify(signals, syscall.SIGHUP)
	}
	// A write to a closed pipe is an error instead of the end. It is not ignored: programs that holm starts would inherit
	// that.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	a.Streams.OnBroken(func() { cancel(ErrInterrupted) })
	done := make(chan struct{})
	silent := a.Machine() // asked now: the flags are parsed while the goroutine runs
	go func() {
		select {
		case <-signals:
			signal.Stop(signals)
			cancel(ErrInterrupted) // first: to say so may fail, or never end
			if !silent {
				a.Streams.Say("stopping …")
			}
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(pipes)
		close(done)
		cancel(nil)
	}
}
