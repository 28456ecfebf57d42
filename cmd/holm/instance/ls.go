package instance

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/images"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/views"
)

func lsCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the instances of all tenants, or of one",
		Example: "  sudo holm ls\n  sudo holm ls --tenant acme -o json",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ls(cmd.Context(), a)
		},
	}
	cli.Ends(cmd, fault.Unfit, fault.Busy)
	return cmd
}

func ls(ctx context.Context, a *app) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	rows, err := p.Look.List(ctx, a.Settings.Tenant)
	if err != nil {
		return err
	}
	if len(rows) == 0 && a.Streams.OutTerminal && a.Settings.Output == term.AsTable {
		a.Say("no instances yet; make one: " + a.Command("create", "web"))
		return nil
	}
	if slices.ContainsFunc(rows, func(r views.Row) bool { return r.Status == string(hypervisor.Unknown) }) {
		sayUnknown(a)
	}
	return printRows(a, rows)
}

// sayUnknown says why the state of an instance is not known.
func sayUnknown(a *app) {
	a.Say("libvirt does not answer, so that nobody knows how instances are now; find out why: " + a.Command("doctor"))
}

func printRows(a *app, rows []views.Row) error {
	list := make([]string, len(rows))
	t := term.Table{Columns: []term.Column{
		{Title: "NAME", Min: 8},
		{Title: "TENANT", Min: 7},
		{Title: "STATE"},
		{Title: "ADDRESS"},
		{Title: "FLAVOR", Min: 6, Spare: 2},
		{Title: "PROFILE", Spare: 1},
		{Title: "IMAGE", Min: 18},
		{Title: "ACCEL"},
		{Title: "AGE"},
		{Title: "CHECKS"},
	}}
	for i, row := range rows {
		list[i] = row.Name
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(row.Name), term.Text(row.Tenant), statusCell(row.Status), cli.OrDash(model.Text(row.Address)),
			term.Text(row.Flavor), term.Text(row.Profile), imageCell(row.ImageName, row.Image, row.Unlocked),
			cli.AccelCell(row.Accel), a.AgeCell(row.Created), checksCell(row.ChecksPassed, row.ChecksTotal, row.Unverified),
		})
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: encode.InstanceSummaries(rows), People: t, Names: list})
}

func statusCell(status string) term.Cell {
	tones := map[string]term.Tone{
		"ready": term.Good, "failed": term.Broken, "broken": term.Broken, "stalled": term.Broken,
		"unknown": term.Attention, "creating": term.Attention, "booting": term.Attention, "destroying": term.Attention,
	}
	return term.Cell{Text: status, Tone: tones[status]}
}

// imageCell names an image, and says so when it was built without its lock.
func imageCell(name, digest string, unlocked bool) term.Cell {
	cell := term.Text(name)
	if name == "" {
		cell.Text = images.ShortDigest(digest)
	}
	if unlocked {
		cell.Text, cell.Tone = cell.Text+" unlocked", term.Attention
	}
	return cell
}

// checksCell marks an instance that is not asked for its checks.
func checksCell(passed, total int, unverified bool) term.Cell {
	switch {
	case total == 0 && unverified:
		return term.Cell{Text: "none", Tone: term.Attention}
	case total == 0:
		return term.Text("-")
	case passed < total:
		return term.Cell{Text: fmt.Sprintf("%d/%d", passed, total), Tone: term.Broken}
	}
	return term.Text(fmt.Sprintf("%d/%d", passed, total))
}
