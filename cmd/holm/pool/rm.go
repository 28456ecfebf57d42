package pool

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
)

func rmCommand(a *app) *cobra.Command {
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use:     "rm NAME",
		Short:   "Forget a pool in which no instance lives; its file system stays as it is",
		Example: "  sudo holm pool rm fast",
		Args:    cli.Names(1, 1, "the name of a pool"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return rm(cmd.Context(), a, args[0], yes, dryRun)
		},
		ValidArgsFunction: a.CompletePools(1),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be forgotten and change nothing")
	cli.Ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}

func rm(ctx context.Context, a *app, name string, yes, dryRun bool) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	all, err := p.Pools.List(ctx, name)
	if err != nil {
		return err
	}
	if dryRun {
		a.Say("would forget pool " + name + ", " + all[0].Path)
		return nil
	}
	if err := a.Confirmed(ctx, yes, "forget pool "+name+"? what lies in "+term.Line(all[0].Path)+" stays."); err != nil {
		return err
	}
	if err := p.Pools.Remove(ctx, name); err != nil {
		return err
	}
	a.Say("pool " + name + " is forgotten; " + all[0].Path + " is as it was")
	if a.Settings.Output == term.AsTable {
		return nil
	}
	return a.Streams.Print(a.Settings.Output, poolResult(a, all[0]))
}
