package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/provisioner"
)

func (a *app) rebuildCommand() *cobra.Command {
	var o verbOptions
	var keep bool
	var image string
	cmd := &cobra.Command{
		Use:   "rebuild NAME... --keep-state",
		Short: "Replace the operating system of instances and keep their state",
		Long: "An instance gets another image and reboots; its state volume stays, and with it\n" +
			"addresses, keys, homes and containers. This is how security updates arrive. One\n" +
			"that does not become ready with the new image returns to the old one, and the exit\n" +
			"code says why.",
		Example: "  sudo holm image build && sudo holm rebuild web --keep-state\n  sudo holm rebuild web --keep-state --image sha256:41be0c7d",
		GroupID: groupInstances,
		Args:    names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !keep {
				return fault.New(fault.Usage, "add --keep-state      or make it anew: "+a.command("rm", args[0])+", then "+a.command("create", args[0]),
					"rebuild needs --keep-state: without it there is nothing that rm and create do not do")
			}
			return a.byName(cmd.Context(), args, "rebuild", o, func(ctx context.Context, p api, name string, observer provisioner.Observer) error {
				_, err := p.Rebuild(ctx, a.tenant(), name, image, observer)
				return err
			})
		},
		ValidArgsFunction: a.completeInstances(0),
	}
	o.flags(cmd, 20*time.Minute)
	cmd.Flags().BoolVar(&keep, "keep-state", false, "keep the state volume; required")
	cmd.Flags().StringVar(&image, "image", "", "name or digest of an `IMAGE`; without it the newest of the same name")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}
