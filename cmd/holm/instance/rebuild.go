package instance

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/guest/boot"
	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

func rebuildCommand(a *app) *cobra.Command {
	var o verbOptions
	var keep bool
	var image string
	cmd := &cobra.Command{
		Use:   "rebuild NAME... --keep-state",
		Short: "Replace the operating system of instances and keep their state",
		Long: "An instance gets another image and reboots; its state volume stays, and with it\n" +
			"addresses, keys, homes and containers. This is how security updates arrive. One\n" +
			"that does not become ready with the new image returns to the old one, and the exit\n" +
			"code says why. What its owner and the image have both changed in /etc stays as the owner\n" +
			"has it, and is said.",
		Example: "  sudo holm image build && sudo holm rebuild web --keep-state\n  sudo holm rebuild web --keep-state --image sha256:41be0c7d",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !keep {
				return fault.New(fault.Usage, "add --keep-state      or make it anew: "+a.Command("rm", args[0])+", then "+a.Command("create", args[0]),
					"rebuild needs --keep-state: without it there is nothing that rm and create do not do")
			}
			return byName(cmd.Context(), a, args, "rebuild", o,
				func(ctx context.Context, p Engine, name string, observer operations.Observer) error {
					inst, err := p.Change.Rebuild(ctx, a.Tenant(), name, image, observer)
					if err == nil && inst.Undecided > 0 {
						a.Say(name + ": " + undecided(a, inst))
					}
					return err
				})
		},
		ValidArgsFunction: a.CompleteInstances(0),
	}
	o.flags(cmd, 20*time.Minute)
	cmd.Flags().BoolVar(&keep, "keep-state", false, "keep the state volume; required")
	cmd.Flags().StringVar(&image, "image", "", "name or digest of an `IMAGE`; without it the newest of the same name")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}

// undecided says that there is something to be looked at in /etc, and where it is listed.
func undecided(a *app, inst model.Instance) string {
	return fmt.Sprintf("%s in /etc of which its owner and the image have versions of their own: %s",
		cli.Count(inst.Undecided, "file"), a.Command("exec", inst.Name, "--", "sudo", "cat", boot.ConflictsFile))
}
