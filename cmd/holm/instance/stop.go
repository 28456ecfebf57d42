package instance

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/operations"
)

func stopCommand(a *app) *cobra.Command {
	var o verbOptions
	var force, all bool
	cmd := &cobra.Command{
		Use:   "stop NAME...",
		Short: "Shut instances down and wait until they are off",
		Long: "With --all it shuts down, in all tenants, what runs, as the host is about to go down: start --all\n" +
			"starts exactly that again. The unit holm-shutdown does so when the host shuts down.",
		Example: "  sudo holm stop web\n  sudo holm stop --force web\n  sudo holm stop --all",
		GroupID: cli.GroupInstances,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case all && force:
				return fault.New(fault.Usage, "stop it by name: holm stop --force NAME", "--all asks each guest: it cuts no power")
			case all:
				return cli.Names(0, 0, "")(cmd, args)
			}
			return cli.Names(1, 0, "the name of an instance, or --all")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return stopAll(cmd.Context(), a, o)
			}
			return byName(cmd.Context(), a, args, "stop", o,
				func(ctx context.Context, p Engine, name string, observer operations.Observer) error {
					return p.Life.Stop(ctx, a.Tenant(), name, force, observer)
				})
		},
		ValidArgsFunction: a.CompleteInstances(0),
	}
	o.flags(cmd, 3*time.Minute)
	cmd.Flags().BoolVar(&all, "all", false, "shut down what runs until start --all")
	cmd.Flags().BoolVar(&force, "force", false, "cut the power instead of asking the guest")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}
