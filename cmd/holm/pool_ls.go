package main

import (
	"context"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
)

func (a *app) poolLsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the pools, how they are, and what is used of them and promised",
		Example: "  sudo holm pool ls",
		Args:    names(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.poolLs(cmd.Context()) },
	}
	ends(cmd, fault.Busy)
	return cmd
}

func (a *app) poolLs(ctx context.Context) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	all, err := p.Pools.List(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 && a.streams.OutTerminal && a.settings.output == term.AsTable {
		a.say("no pools: volumes lie in " + a.settings.state + "; add one: " + a.command("pool", "add", "fast", "/srv/holm"))
		return nil
	}
	return a.shown(ctx, p, all, a.poolsResult(all))
}

func (a *app) poolShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show a pool, and what it stands on down to the drives",
		Example: "  sudo holm pool show fast\n  sudo holm pool show fast -o json",
		Args:    names(1, 1, "the name of a pool"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.makeProvisioner(cmd.Context(), a.settings)
			if err != nil {
				return err
			}
			all, err := p.Pools.List(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.shown(cmd.Context(), p, all, a.poolResult(all[0]))
		},
		ValidArgsFunction: a.completePools(1),
	}
	ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}
