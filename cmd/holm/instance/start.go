package instance

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/operations"
)

func startCommand(a *app) *cobra.Command {
	var o verbOptions
	var all bool
	cmd := &cobra.Command{
		Use:   "start NAME...",
		Short: "Start instances and wait until they are ready",
		Long: "With --all it starts, in all tenants, what ran when the host went down: instances that are off and\n" +
			"were not stopped by holm. The unit holm-resume does so when the host boots.",
		Example: "  sudo holm start web\n  sudo holm start --all",
		GroupID: cli.GroupInstances,
		Args: func(cmd *cobra.Command, args []string) error {
			if all {
				return cli.Names(0, 0, "")(cmd, args)
			}
			return cli.Names(1, 0, "the name of an instance, or --all")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return startAll(cmd.Context(), a, o)
			}
			return byName(cmd.Context(), a, args, "start", o,
				func(ctx context.Context, p Engine, name string, observer operations.Observer) error {
					_, err := p.Life.Start(ctx, a.Tenant(), name, observer)
					return err
				})
		},
		ValidArgsFunction: a.CompleteInstances(0),
	}
	o.flags(cmd, 10*time.Minute)
	cmd.Flags().BoolVar(&all, "all", false, "start what ran when the host went down")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}
