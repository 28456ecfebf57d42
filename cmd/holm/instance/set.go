package instance

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/operations"
)

func setCommand(a *app) *cobra.Command {
	var o verbOptions
	var f cli.EnvironmentFlags
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Change what an instance is told of names, certificates, proxies and time",
		Long: "It holds at once when the instance is ready, else from its next start on. What is not set here\n" +
			"comes from its tenant, then from the host (holm tenant set, holm host set); certificates add up.",
		Example: "  sudo holm set web --nameserver 192.0.2.53 --search corp.example\n  sudo holm set web --nameserver \"\"",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Change(cmd.Flags().Changed, a.Streams.In)
			if err != nil {
				return err
			}
			if c.Empty() {
				return fault.New(fault.Usage, "see what can be set: holm set --help", "nothing to set was named")
			}
			return setEnvironment(cmd.Context(), a, args[0], c, o)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	f.Flags(cmd.Flags())
	o.flags(cmd, 2*time.Minute)
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

// setEnvironment is the work of holm set.
func setEnvironment(ctx context.Context, a *app, name string, c environment.Change, o verbOptions) error {
	return byName(ctx, a, []string{name}, "set", o, func(ctx context.Context, p Engine, name string, observer operations.Observer) error {
		_, err := p.Change.SetEnvironment(ctx, a.Tenant(), name, c, observer)
		return err
	})
}
