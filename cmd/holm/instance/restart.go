package instance

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/operations"
)

func restartCommand(a *app) *cobra.Command {
	var o verbOptions
	cmd := &cobra.Command{
		Use:     "restart NAME...",
		Short:   "Shut instances down, start them again and wait until they are ready",
		Example: "  sudo holm restart web",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return byName(cmd.Context(), a, args, "restart", o,
				func(ctx context.Context, p Engine, name string, observer operations.Observer) error {
					_, err := p.Life.Restart(ctx, a.Tenant(), name, observer)
					return err
				})
		},
		ValidArgsFunction: a.CompleteInstances(0),
	}
	o.flags(cmd, 10*time.Minute)
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}
