package main

import (
	"github.com/spf13/cobra"

	"holm/internal/fault"
)

func (a *app) cpCommand() *cobra.Command {
	var recursive bool
	cmd := &cobra.Command{
		Use:     "cp SOURCE TARGET",
		Short:   "Copy files between this host and an instance",
		Long:    "One side is NAME:PATH, the other a local path. NAME: alone is the home directory.\nA local name with a colon in it is written ./a:b.",
		Example: "  sudo holm cp ./compose.yaml web:\n  sudo holm cp -r web:/var/log ./web-log",
		GroupID: groupInside,
		Args:    names(2, 2, "a source and a target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := parsePlace(args[0])
			if err != nil {
				return err
			}
			to, err := parsePlace(args[1])
			if err != nil {
				return err
			}
			if (from.Instance == "") == (to.Instance == "") {
				return fault.New(fault.Usage, "write for example: holm cp web:/etc/hostname .", "exactly one side must be in an instance, as NAME:PATH")
			}
			t, err := a.target(cmd.Context(), from.Instance+to.Instance)
			if err != nil {
				return err
			}
			argv, err := scpArgs(t, recursive, a.settings.quiet || a.machine(), from, to)
			if err != nil {
				return err
			}
			return a.program(cmd.Context(), "scp", argv, a.streams)
		},
	}
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "copy directories with all that is in them")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}
