package instance

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/operations"
)

func resizeCommand(a *app) *cobra.Command {
	var o verbOptions
	var gib int
	cmd := &cobra.Command{
		Use:   "resize NAME --disk SIZE",
		Short: "Make the state disk of an instance larger, also while it runs",
		Long: "The file system inside grows with it: at once when the instance runs, else at its next start.\n" +
			"Disks do not shrink. The same size once more finishes a resize that was cut short.",
		Example: "  sudo holm resize web --disk 30G",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if gib == 0 {
				return fault.New(fault.Usage, "say how large: holm resize "+cli.ShellWord(args[0])+" --disk 30G", "holm resize needs --disk")
			}
			return byName(cmd.Context(), a, args, "resize", o,
				func(ctx context.Context, p Engine, name string, observer operations.Observer) error {
					_, err := p.Change.Resize(ctx, a.Tenant(), name, gib, observer)
					return err
				})
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	o.flags(cmd, 5*time.Minute)
	cmd.Flags().Var(&cli.SizeFlag{Count: &gib, Unit: cli.Gibibyte}, "disk", "`SIZE` of the state disk, such as 30G")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.Refused)
	return cmd
}
