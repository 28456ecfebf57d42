package main

import (
	"github.com/spf13/cobra"

	"holm/internal/fault"
)

func (a *app) cpCommand() *cobra.Command {
	var c copying
	cmd := &cobra.Command{
		Use:   "cp SOURCE... TARGET",
		Short: "Copy files between this host and an instance",
		Long: "One side is NAME:PATH, the other a local path. NAME: alone is the home directory.\n" +
			"Modes and times are kept. A local name with a colon in it is written ./a:b; in the\n" +
			"instance, * and ? stand for what they do in a shell.",
		Example: "  sudo holm cp ./compose.yaml web:\n  sudo holm cp -r site conf web:/srv/www\n  sudo holm cp -r web:/var/log ./web-log",
		GroupID: groupInside,
		Args:    names(2, -1, "a source and a target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.from, c.quiet = nil, a.settings.quiet || a.machine()
			for i, arg := range args {
				p, err := parsePlace(arg)
				if err != nil {
					return err
				}
				if c.to = p; i < len(args)-1 {
					c.from = append(c.from, p)
				}
			}
			name, err := c.instance()
			if err != nil {
				return err
			}
			t, err := a.target(cmd.Context(), name)
			if err != nil {
				return err
			}
			argv, err := scpArgs(t, c)
			if err != nil {
				return err
			}
			return a.program(cmd.Context(), "scp", argv, a.streams)
		},
	}
	cmd.Flags().BoolVarP(&c.recursive, "recursive", "r", false, "copy directories with all that is in them")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}
