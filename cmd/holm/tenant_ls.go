package main

import (
	"context"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
)

func (a *app) tenantLsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the tenants, what they have and what they may have",
		Example: "  sudo holm tenant ls",
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.makeProvisioner(cmd.Context(), a.settings)
			if err != nil {
				return err
			}
			all, err := p.Tenants.List(cmd.Context())
			if err != nil {
				return err
			}
			return a.streams.Print(a.settings.output, tenantsResult(all))
		},
	}
	ends(cmd, fault.Busy)
	return cmd
}

func (a *app) tenantShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show a tenant",
		Example: "  sudo holm tenant show acme -o json",
		Args:    names(1, 1, "the name of a tenant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.makeProvisioner(cmd.Context(), a.settings)
			if err != nil {
				return err
			}
			v, err := p.Tenants.Show(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.streams.Print(a.settings.output, a.tenantResult(v))
		},
		ValidArgsFunction: a.completeTenants(1),
	}
	ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}

func (a *app) tenantRmCommand() *cobra.Command {
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use:     "rm NAME",
		Short:   "Forget a tenant that has no instances",
		Example: "  sudo holm tenant rm acme",
		Args:    names(1, 1, "the name of a tenant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.tenantRm(cmd.Context(), args[0], yes, dryRun)
		},
		ValidArgsFunction: a.completeTenants(1),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be forgotten and change nothing")
	ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}

func (a *app) tenantRm(ctx context.Context, name string, yes, dryRun bool) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	v, err := p.Tenants.Show(ctx, name)
	if err != nil {
		return err
	}
	if dryRun {
		a.say("would forget tenant " + name)
		return nil
	}
	if err := a.confirmed(ctx, yes, "forget tenant "+name+", its quota and its keys?"); err != nil {
		return err
	}
	if err := p.Tenants.Remove(ctx, name); err != nil {
		return err
	}
	a.say("tenant " + name + " is forgotten")
	if a.settings.output == term.AsTable {
		return nil
	}
	return a.streams.Print(a.settings.output, a.tenantResult(v))
}
