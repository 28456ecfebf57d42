package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/provisioner/operations"
)

func (a *app) waitCommand() *cobra.Command {
	var o verbOptions
	cmd := &cobra.Command{
		Use:     "wait NAME...",
		Short:   "Wait until instances are ready",
		Example: "  sudo holm wait web --timeout 2m",
		GroupID: groupInstances,
		Args:    names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.byName(cmd.Context(), args, "", o,
				func(ctx context.Context, p engine, name string, observer operations.Observer) error {
					_, err := p.Instances.Wait(ctx, a.tenant(), name, observer)
					return err
				})
		},
		ValidArgsFunction: a.completeInstances(0),
	}
	timeout(cmd, &o.timeout, 10*time.Minute)
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed)
	return cmd
}
