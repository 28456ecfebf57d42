package main

import (
	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/model"
)

func (a *app) flavorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "flavor VERB",
		Short:   "Say which sizes there are, and what each may take of its host",
		Long:    "Instances keep what they were made with: a change is for those that are made from then on.",
		Example: "  sudo holm flavor ls\n  sudo holm flavor set small --cpu-quota 150 --iops 2000 --bandwidth 200",
		GroupID: groupHost,
	}
	group(cmd)
	cmd.AddCommand(a.flavorLsCommand(), a.flavorSetCommand(), a.flavorResetCommand())
	return cmd
}

// flavorsDocument is what verbs print that deal with any number of flavors.
type flavorsDocument struct {
	Flavors []model.Flavor `json:"flavors"`
}

func flavorsResult(all []model.Flavor) term.Result {
	doc := flavorsDocument{Flavors: append([]model.Flavor{}, all...)}
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
			term.Text(f.Name), term.Text(decimal(f.VCPUs)), bytesCell(mebibyte * int64(f.MemoryMiB)), bytesCell(gibibyte * int64(f.DiskGiB)),
			limitCell(l.CPUWeight, 0, ""), limitCell(l.CPUPercent, 0, "%"), limitCell(l.IOPS, l.IOPSBurst, ""), limitCell(l.MBps, l.MBpsBurst, ""),
		})
	}
	return term.Result{Document: doc, People: t, Names: list}
}

func (a *app) flavorLsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the sizes, and the limits of each",
		Example: "  sudo holm flavor ls",
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.makeProvisioner(cmd.Context(), a.settings)
			if err != nil {
				return err
			}
			all, err := p.Hosts.Flavors(cmd.Context())
			if err != nil {
				return err
			}
			return a.streams.Print(a.settings.output, flavorsResult(all))
		},
	}
	ends(cmd, fault.Busy)
	return cmd
}

func (a *app) flavorResetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "reset NAME",
		Short:   "Forget what was set: a standard size is what it was, another one is gone",
		Example: "  sudo holm flavor reset small",
		Args:    names(1, 1, "the name of a flavor"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.makeProvisioner(cmd.Context(), a.settings)
			if err != nil {
				return err
			}
			if err := p.Hosts.ResetFlavor(cmd.Context(), args[0]); err != nil {
				return err
			}
			a.say("flavor " + args[0] + " is reset")
			return nil
		},
		ValidArgsFunction: a.completeFlavors(1),
	}
	ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}
