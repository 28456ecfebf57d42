package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/provisioner/operations"
)

func (a *app) resizeCommand() *cobra.Command {
	var o verbOptions
	var gib int
	cmd := &cobra.Command{
		Use:   "resize NAME --disk SIZE",
		Short: "Make the state disk of an instance larger, also while it runs",
		Long: "The file system inside grows with it: at once when the instance runs, else at its next start.\n" +
			"Disks do not shrink. The same size once more finishes a resize that was cut short.",
		Example: "  sudo holm resize web --disk 30G",
		GroupID: groupInstances,
		Args:    names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if gib == 0 {
				return fault.New(fault.Usage, "say how large: holm resize "+shellWord(args[0])+" --disk 30G", "holm resize needs --disk")
			}
			return a.byName(cmd.Context(), args, "resize", o,
				func(ctx context.Context, p engine, name string, observer operations.Observer) error {
					_, err := p.Instances.Resize(ctx, a.tenant(), name, gib, observer)
					return err
				})
		},
		ValidArgsFunction: a.completeInstances(1),
	}
	o.flags(cmd, 5*time.Minute)
	cmd.Flags().Var(&sizeFlag{count: &gib, unit: gibibyte}, "disk", "`SIZE` of the state disk, such as 30G")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.Refused)
	return cmd
}
