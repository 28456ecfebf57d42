package main

import (
	"context"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
)

func (a *app) poolRmCommand() *cobra.Command {
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use:     "rm NAME",
		Short:   "Forget a pool in which no instance lives; its file system stays as it is",
		Example: "  sudo holm pool rm fast",
		Args:    names(1, 1, "the name of a pool"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.poolRm(cmd.Context(), args[0], yes, dryRun)
		},
		ValidArgsFunction: a.completePools(1),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be forgotten and change nothing")
	ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}

func (a *app) poolRm(ctx context.Context, name string, yes, dryRun bool) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	all, err := p.Pools.List(ctx, name)
	if err != nil {
		return err
	}
	if dryRun {
		a.say("would forget pool " + name + ", " + all[0].Path)
		return nil
	}
	if err := a.confirmed(ctx, yes, "forget pool "+name+"? what lies in "+term.Line(all[0].Path)+" stays."); err != nil {
		return err
	}
	if err := p.Pools.Remove(ctx, name); err != nil {
		return err
	}
	a.say("pool " + name + " is forgotten; " + all[0].Path + " is as it was")
	if a.settings.output == term.AsTable {
		return nil
	}
	return a.streams.Print(a.settings.output, a.poolResult(all[0]))
}
