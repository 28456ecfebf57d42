package main

import (
	"github.com/spf13/cobra"

	"holm/internal/fault"
)

func (a *app) imageShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show IMAGE",
		Short:   "Show all that is known of an image",
		Example: "  sudo holm image show debian-13",
		Args:    names(1, 1, "the name or digest of an image"),
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := a.makeImages(a.settings)
			if err != nil {
				return err
			}
			m, err := store.Get(args[0])
			if err != nil {
				return err
			}
			return a.streams.Print(a.settings.output, oneImage(m))
		},
		ValidArgsFunction: a.completeImages(),
	}
	ends(cmd, fault.NotFound)
	return cmd
}
