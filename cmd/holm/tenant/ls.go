package tenant

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
		Short:   "List the tenants, what they have and what they may have",
		Example: "  sudo holm tenant ls",
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			all, err := p.Tenants.List(cmd.Context())
			if err != nil {
				return err
			}
			return a.Streams.Print(a.Settings.Output, tenantsResult(all))
		},
	}
	cli.Ends(cmd, fault.Busy)
	return cmd
}

func showCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show a tenant",
		Example: "  sudo holm tenant show acme -o json",
		Args:    cli.Names(1, 1, "the name of a tenant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			v, err := p.Tenants.Show(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.Streams.Print(a.Settings.Output, tenantResult(a, v))
		},
		ValidArgsFunction: a.CompleteTenants(1),
	}
	cli.Ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}

func rmCommand(a *app) *cobra.Command {
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use:     "rm NAME",
		Short:   "Forget a tenant that has no instances",
		Example: "  sudo holm tenant rm acme",
		Args:    cli.Names(1, 1, "the name of a tenant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return rm(cmd.Context(), a, args[0], yes, dryRun)
		},
		ValidArgsFunction: a.CompleteTenants(1),
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
	v, err := p.Tenants.Show(ctx, name)
	if err != nil {
		return err
	}
	if dryRun {
		a.Say("would forget tenant " + name)
		return nil
	}
	if err := a.Confirmed(ctx, yes, "forget tenant "+name+", its quota and its keys?"); err != nil {
		return err
	}
	if err := p.Tenants.Remove(ctx, name); err != nil {
		return err
	}
	a.Say("tenant " + name + " is forgotten")
	if a.Settings.Output == term.AsTable {
		return nil
	}
	return a.Streams.Print(a.Settings.Output, tenantResult(a, v))
}
