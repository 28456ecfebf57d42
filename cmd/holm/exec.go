package main

import (
	"github.com/spf13/cobra"

	"holm/internal/fault"
)

func (a *app) execCommand() *cobra.Command {
	var tty bool
	cmd := &cobra.Command{
		Use:     "exec NAME -- COMMAND [ARGUMENT...]",
		Short:   "Run a command in an instance",
		Long:    "Input, output and exit code pass through; the arguments reach the command word for word.\nFor pipes and variables of the guest, run a shell there: -- sh -c 'df | tail -1'.",
		Example: "  sudo holm exec web -- docker ps\n  sudo holm exec -t web -- top",
		GroupID: groupInside,
		Args:    afterDash(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.target(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			argv, err := execArgs(t, tty, args[1:])
			if err != nil {
				return err
			}
			return a.program(cmd.Context(), "ssh", argv, a.streams)
		},
		ValidArgsFunction: a.completeInstances(1),
	}
	cmd.Flags().BoolVarP(&tty, "tty", "t", false, "give the command a terminal")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}
