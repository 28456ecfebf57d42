package inside

import (
	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
)

func sshCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ssh NAME [-- SSH-ARGUMENT...]",
		Short:   "Log in to an instance, with its host key checked strictly",
		Long:    "What follows \"--\" is given to ssh: options, a command for the guest's shell, or both.\nThe exit code is that of ssh.",
		Example: "  sudo holm ssh web\n  sudo holm ssh web -- -L 8080:localhost:80",
		GroupID: cli.GroupInside,
		Args:    afterDash(false),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := reach(cmd.Context(), a, args[0])
			if err != nil {
				return err
			}
			argv, err := sshArgs(t, args[1:])
			if err != nil {
				return err
			}
			return a.Program(cmd.Context(), "ssh", argv, a.Streams)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

// afterDash wants one name, and everything else after "--"; needed says that something must stand there.
func afterDash(needed bool) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		dash := cmd.ArgsLenAtDash()
		switch {
		case len(args) == 0 || dash == 0:
			return fault.New(fault.Usage, "see: "+cmd.CommandPath()+" --help", "%s needs the name of an instance", cmd.CommandPath())
		case dash > 1 || dash < 0 && len(args) > 1:
			return fault.New(fault.Usage, "write: "+cmd.CommandPath()+" "+cli.ShellWord(args[0])+" -- "+cli.ShellWord(args[1]),
				"one name is expected before \"--\", but %s stands there as well", cli.Quoted(args[1]))
		case needed && len(args) == 1:
			return fault.New(fault.Usage, "write: "+cmd.CommandPath()+" "+cli.ShellWord(args[0])+" -- COMMAND",
				"%s needs a command after \"--\"", cmd.CommandPath())
		}
		return nil
	}
}
