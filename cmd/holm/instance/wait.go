package instance

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/operations"
)

func waitCommand(a *app) *cobra.Command {
	var o verbOptions
	cmd := &cobra.Command{
		Use:     "wait NAME...",
		Short:   "Wait until instances are ready",
		Example: "  sudo holm wait web --timeout 2m",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return byName(cmd.Context(), a, args, "", o,
				func(ctx context.Context, p Engine, name string, observer operations.Observer) error {
					_, err := p.Life.Wait(ctx, a.Tenant(), name, observer)
					return err
				})
		},
		ValidArgsFunction: a.CompleteInstances(0),
	}
	cli.Timeout(cmd, &o.timeout, 10*time.Minute)
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed)
	return cmd
}
