package pool

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
)

func lsCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the pools, how they are, and what is used of them and promised",
		Example: "  sudo holm pool ls",
		Args:    cli.Names(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return ls(cmd.Context(), a) },
	}
	cli.Ends(cmd, fault.Busy)
	return cmd
}

func ls(ctx context.Context, a *app) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	all, err := p.Pools.List(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 && a.Streams.OutTerminal && a.Settings.Output == term.AsTable {
		a.Say("no pools: volumes lie in " + a.Settings.State + "; add one: " + a.Command("pool", "add", "fast", "/srv/holm"))
		return nil
	}
	return shown(ctx, a, p, all, poolsResult(all))
}

func showCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show a pool, and what it stands on down to the drives",
		Example: "  sudo holm pool show fast\n  sudo holm pool show fast -o json",
		Args:    cli.Names(1, 1, "the name of a pool"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			all, err := p.Pools.List(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return shown(cmd.Context(), a, p, all, poolResult(a, all[0]))
		},
		ValidArgsFunction: a.CompletePools(1),
	}
	cli.Ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}
