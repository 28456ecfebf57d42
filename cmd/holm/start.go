package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/provisioner"
)

func (a *app) startCommand() *cobra.Command {
	var o verbOptions
	cmd := &cobra.Command{
		Use:     "start NAME...",
		Short:   "Start instances and wait until they are ready",
		Example: "  sudo holm start web",
		GroupID: groupInstances,
		Args:    names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.byName(cmd.Context(), args, "start", o,
				func(ctx context.Context, p api, name string, observer provisioner.Observer) error {
					_, err := p.Start(ctx, a.tenant(), name, observer)
					return err
				})
		},
		ValidArgsFunction: a.completeInstances(0),
	}
	o.flags(cmd, 10*time.Minute)
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}
