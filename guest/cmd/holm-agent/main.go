// Command holm-agent is holm's service inside an instance: it brings the profile up and reports to the host.
// Command holm-agent is holm's service inside an instance: it brings the profile up and reports to the host.
// "holm-agent attempt NAME ARGUMENT..." is one attempt of the checks that needs a process of its own, and "holm-agent
// docker-settings" gives the user's Docker what the host told of the world around. Under the name of holm-exec it runs a
// command for somebody who came in by SSH; see package command.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"holm/guest/agent"
	"holm/guest/caps"
	"holm/guest/command"
	"holm/guest/probe/checks"
)

func main() {
	if filepath.Base(os.Args[0]) == filepath.Base(command.Program) && len(os.Args) > 1 {
		os.Exit(command.Run(os.Args[1:], os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "holm-agent:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 0:
		return (&agent.Agent{Capabilities: caps.Watch}).Run(ctx)
	case args[0] == "attempt" && len(args) > 1:
		return checks.Attempt(ctx, args[1], args[2:], os.Stdout)
	case args[0] == command.EndSession && len(args) == 2:
		return command.End(args[1])
	case args[0] == "docker-settings" && len(args) == 1:
		return agent.DockerSettings{Home: os.Getenv("HOME"), RuntimeDir: os.Getenv("XDG_RUNTIME_DIR")}.Run()
	}
	return fmt.Errorf("it takes no arguments, or: attempt NAME ARGUMENT, or: docker-settings")
}
