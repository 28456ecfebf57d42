package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/operations"
)

func (a *app) setCommand() *cobra.Command {
	var o verbOptions
	var f environmentFlags
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Change what an instance is told of names, certificates, proxies and time",
		Long: "It holds at once when the instance is ready, else from its next start on. What is not set here\n" +
			"comes from its tenant, then from the host (holm tenant set, holm host set); certificates add up.",
		Example: "  sudo holm set web --nameserver 192.0.2.53 --search corp.example\n  sudo holm set web --nameserver \"\"",
		GroupID: groupInstances,
		Args:    names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.change(cmd.Flags().Changed, a.streams.In)
			if err != nil {
				return err
			}
			if c.Empty() {
				return fault.New(fault.Usage, "see what can be set: holm set --help", "nothing to set was named")
			}
			return a.setEnvironment(cmd.Context(), args[0], c, o)
		},
		ValidArgsFunction: a.completeInstances(1),
	}
	f.flags(cmd.Flags())
	o.flags(cmd, 2*time.Minute)
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

// setEnvironment is the work of holm set.
func (a *app) setEnvironment(ctx context.Context, name string, c environment.Change, o verbOptions) error {
	return a.byName(ctx, []string{name}, "set", o, func(ctx context.Context, p engine, name string, observer operations.Observer) error {
		_, err := p.Instances.SetEnvironment(ctx, a.tenant(), name, c, observer)
		return err
	})
}
