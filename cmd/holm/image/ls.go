package image

import (
	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/term"
)

func lsCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the images of this host",
		Example: "  sudo holm image ls",
		Args:    cli.Names(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			store, err := a.Store()
			if err != nil {
				return err
			}
			all, err := store.List()
			if err != nil {
				return err
			}
			if len(all) == 0 && a.Streams.OutTerminal && a.Settings.Output == term.AsTable {
				a.Say("no images yet; build one: " + a.Command("image", "build"))
				return nil
			}
			return a.Streams.Print(a.Settings.Output, imageResult(all))
		},
	}
	cli.Ends(cmd)
	return cmd
}
