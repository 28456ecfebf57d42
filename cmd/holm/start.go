package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/provisioner/operations"
)

func (a *app) startCommand() *cobra.Command {
	var o verbOptions
	var all bool
	cmd := &cobra.Command{
		Use:   "start NAME...",
		Short: "Start instances and wait until they are ready",
		Long: "With --all it starts, in all tenants, what ran when the host went down: instances that are off and\n" +
			"were not stopped by holm. The unit holm-resume does so when the host boots.",
		Example: "  sudo holm start web\n  sudo holm start --all",
		GroupID: groupInstances,
		Args: func(cmd *cobra.Command, args []string) error {
			if all {
				return names(0, 0, "")(cmd, args)
			}
			return names(1, 0, "the name of an instance, or --all")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return a.startAll(cmd.Context(), o)
			}
			return a.byName(cmd.Context(), args, "start", o,
				func(ctx context.Context, p engine, name string, observer operations.Observer) error {
					_, err := p.Instances.Start(ctx, a.tenant(), name, observer)
					return err
				})
		},
		ValidArgsFunction: a.completeInstances(0),
	}
	o.flags(cmd, 10*time.Minute)
	cmd.Flags().BoolVar(&all, "all", false, "start what ran when the host went down")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}
