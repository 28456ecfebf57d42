package inside

import (
	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
)

func cpCommand(a *app) *cobra.Command {
	var c copying
	cmd := &cobra.Command{
		Use:   "cp SOURCE... TARGET",
		Short: "Copy files between this host and an instance",
		Long: "One side is NAME:PATH, the other a local path. NAME: alone is the home directory.\n" +
			"Modes and times are kept. A local name with a colon in it is written ./a:b; in the\n" +
			"instance, * and ? stand for what they do in a shell.",
		Example: "  sudo holm cp ./compose.yaml web:\n  sudo holm cp -r site conf web:/srv/www\n  sudo holm cp -r web:/var/log ./web-log",
		GroupID: cli.GroupInside,
		Args:    cli.Names(2, -1, "a source and a target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.from, c.quiet = nil, a.Settings.Quiet || a.Machine()
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
			t, err := reach(cmd.Context(), a, name)
			if err != nil {
				return err
			}
			argv, err := scpArgs(t, c)
			if err != nil {
				return err
			}
			return a.Program(cmd.Context(), "scp", argv, a.Streams)
		},
	}
	cmd.Flags().BoolVarP(&c.recursive, "recursive", "r", false, "copy directories with all that is in them")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}
