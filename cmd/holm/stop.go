package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/provisioner"
)

func (a *app) stopCommand() *cobra.Command {
	var o verbOptions
	var force bool
	cmd := &cobra.Command{
		Use:     "stop NAME...",
		Short:   "Shut instances down and wait until they are off",
		Example: "  sudo holm stop web\n  sudo holm stop --force web",
		GroupID: groupInstances,
		Args:    names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.byName(cmd.Context(), args, "stop", o,
				func(ctx context.Context, p api, name string, observer provisioner.Observer) error {
					return p.Stop(ctx, a.tenant(), name, force, observer)
				})
		},
		ValidArgsFunction: a.completeInstances(0),
	}
	o.flags(cmd, 3*time.Minute)
	cmd.Flags().BoolVar(&force, "force", false, "cut the power instead of asking the guest")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}
