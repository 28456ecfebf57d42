// Command holm-agent is holm's service inside an instance: it brings the profile up and reports to the host.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"holm/guest/agent"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := (&agent.Agent{}).Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "holm-agent:", err)
		os.Exit(1)
	}
}
