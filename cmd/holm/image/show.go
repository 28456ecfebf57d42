package image

import (
	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
)

func showCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show IMAGE",
		Short:   "Show all that is known of an image",
		Example: "  sudo holm image show debian-13",
		Args:    cli.Names(1, 1, "the name or digest of an image"),
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := a.Store()
			if err != nil {
				return err
			}
			m, err := store.Get(args[0])
			if err != nil {
				return err
			}
			return a.Streams.Print(a.Settings.Output, oneImage(m))
		},
		ValidArgsFunction: completeImages(a),
	}
	cli.Ends(cmd, fault.NotFound)
	return cmd
}
