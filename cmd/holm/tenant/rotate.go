package tenant

import (
	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
)

func rotateCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rotate-key NAME",
		Short: "Give a tenant a new key, and seal those of its volumes with it",
		Long: "No disk is written, and instances that run do not notice. Who has kept the old key opens with it\n" +
			"what was sealed before, if they have a copy of that as well.",
		Example: "  sudo holm tenant rotate-key acme",
		Args:    cli.Names(1, 1, "the name of a tenant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			id, volumes, err := p.Tenants.RotateKey(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			var f term.Fields
			f.Add("tenant", term.Text(args[0]))
			f.Add("key", term.Text(id))
			f.Add("sealed anew", term.Text(cli.Count(volumes, "volume")))
			return a.Streams.Print(a.Settings.Output,
				term.Result{Document: v1.RotatedKey{Tenant: args[0], Key: id, Volumes: volumes}, People: f, Names: []string{args[0]}})
		},
		ValidArgsFunction: a.CompleteTenants(1),
	}
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}
