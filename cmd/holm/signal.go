package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// errInterrupted is the cause of a context that Ctrl-C or SIGTERM ended.
var errInterrupted = errors.New("interrupted")

// interruptible ends the context at the first Ctrl-C or SIGTERM, so that what was begun is undone or left resumable,
// and gives the signals back to the system: a second one kills.
func (a *app) interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	silent := a.machine() // asked now: the flags are parsed while the goroutine runs
	go func() {
		select {
		case <-signals:
			signal.Stop(signals)
			if !silent {
				a.streams.Say("stopping …")
			}
			cancel(errInterrupted)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
