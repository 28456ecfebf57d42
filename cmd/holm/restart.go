package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/provisioner/operations"
)

func (a *app) restartCommand() *cobra.Command {
	var o verbOptions
	cmd := &cobra.Command{
		Use:     "restart NAME...",
		Short:   "Shut instances down, start them again and wait until they are ready",
		Example: "  sudo holm restart web",
		GroupID: groupInstances,
		Args:    names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.byName(cmd.Context(), args, "restart", o,
				func(ctx context.Context, p engine, name string, observer operations.Observer) error {
					_, err := p.Instances.Restart(ctx, a.tenant(), name, observer)
					return err
				})
		},
		ValidArgsFunction: a.completeInstances(0),
	}
	o.flags(cmd, 10*time.Minute)
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}
