package main

import (
	"context"
	"strings"

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

// limitCell is a limit, and what is allowed in a burst.
func limitCell(limit, burst int, unit string) term.Cell {
	if limit == 0 {
		return term.Text("-")
	}
	text := decimal(limit) + unit
	if burst > 0 {
		text += "/" + decimal(burst)
	}
	return term.Text(text)
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

// completeFlavors offers the names of flavors.
func (a *app) completeFlavors(high int) cobra.CompletionFunc {
	return a.completes(high, func(ctx context.Context, p engine) ([]string, error) {
		all, err := p.Hosts.Flavors(ctx)
		list := make([]string, len(all))
		for i, f := range all {
			list[i] = f.Name
		}
		return list, err
	})
}

// limitsText says in a few words what an instance may take.
func limitsText(l model.Limits) string {
	var words []string
	for _, one := range []struct {
		limit, burst int
		unit         string
	}{
		{l.CPUWeight, 0, " CPU weight"},
		{l.CPUPercent, 0, "% of a CPU"},
		{l.IOPS, l.IOPSBurst, " requests/s"},
		{l.MBps, l.MBpsBurst, " MB/s"},
		{l.NetMbit, 0, " Mbit/s"},
	} {
		if one.limit > 0 {
			words = append(words, limitCell(one.limit, one.burst, "").Text+one.unit)
		}
	}
	return strings.Join(words, ", ")
}
