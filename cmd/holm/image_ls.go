package main

import (
	"github.com/spf13/cobra"

	"holm/internal/term"
)

func (a *app) imageLsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the images of this host",
		Example: "  sudo holm image ls",
		Args:    names(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			store, err := a.makeImages(a.settings)
			if err != nil {
				return err
			}
			all, err := store.List()
			if err != nil {
				return err
			}
			if len(all) == 0 && a.streams.OutTerminal && a.settings.output == term.AsTable {
				a.say("no images yet; build one: " + a.command("image", "build"))
				return nil
			}
			return a.streams.Print(a.settings.output, a.imageResult(all))
		},
	}
	ends(cmd)
	return cmd
}
