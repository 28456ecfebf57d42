package tenant

import (
	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/model"
)

func flavorCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "flavor VERB",
		Short:   "Say which sizes there are, and what each may take of its host",
		Long:    "Instances keep what they were made with: a change is for those that are made from then on.",
		Example: "  sudo holm flavor ls\n  sudo holm flavor set small --cpu-quota 150 --iops 2000 --bandwidth 200",
		GroupID: cli.GroupHost,
	}
	cli.Group(cmd)
	cmd.AddCommand(flavorLsCommand(a), flavorSetCommand(a), flavorResetCommand(a))
	return cmd
}

func flavorsResult(all []model.Flavor) term.Result {
	list := make([]string, len(all))
	t := term.Table{Columns: []term.Column{
		{Title: "NAME", Min: 8},
		{Title: "VCPUS", Right: true},
		{Title: "MEMORY", Right: true},
		{Title: "DISK", Right: true},
		{Title: "WEIGHT", Right: true},
		{Title: "CPU", Right: true},
		{Title: "IOPS", Right: true},
		{Title: "MB/S", Right: true},
	}}
	for i, f := range all {
		list[i] = f.Name
		l := f.Limits
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(f.Name), term.Text(cli.Decimal(f.VCPUs)),
			cli.BytesCell(cli.Mebibyte * int64(f.MemoryMiB)), cli.BytesCell(cli.Gibibyte * int64(f.DiskGiB)),
			cli.LimitCell(l.CPUWeight, 0, ""), cli.LimitCell(l.CPUPercent, 0, "%"),
			cli.LimitCell(l.IOPS, l.IOPSBurst, ""), cli.LimitCell(l.MBps, l.MBpsBurst, ""),
		})
	}
	return term.Result{Document: encode.FlavorList(all), People: t, Names: list}
}

func flavorLsCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the sizes, and the limits of each",
		Example: "  sudo holm flavor ls",
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			all, err := p.Hosts.Flavors(cmd.Context())
			if err != nil {
				return err
			}
			return a.Streams.Print(a.Settings.Output, flavorsResult(all))
		},
	}
	cli.Ends(cmd, fault.Busy)
	return cmd
}

func flavorResetCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "reset NAME",
		Short:   "Forget what was set: a standard size is what it was, another one is gone",
		Example: "  sudo holm flavor reset small",
		Args:    cli.Names(1, 1, "the name of a flavor"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			if err := p.Hosts.ResetFlavor(cmd.Context(), args[0]); err != nil {
				return err
			}
			a.Say("flavor " + args[0] + " is reset")
			return nil
		},
		ValidArgsFunction: a.CompleteFlavors(1),
	}
	cli.Ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}
