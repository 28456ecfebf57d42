package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"holm/images"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/hypervisor"
	"holm/provisioner/views"
)

func (a *app) lsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the instances of all tenants, or of one",
		Example: "  sudo holm ls\n  sudo holm ls --tenant acme -o json",
		GroupID: groupInstances,
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ls(cmd.Context())
		},
	}
	ends(cmd, fault.Unfit, fault.Busy)
	return cmd
}

func (a *app) ls(ctx context.Context) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	rows, err := p.Instances.List(ctx, a.settings.tenant)
	if err != nil {
		return err
	}
	if len(rows) == 0 && a.streams.OutTerminal && a.settings.output == term.AsTable {
		a.say("no instances yet; make one: " + a.command("create", "web"))
		return nil
	}
	if slices.ContainsFunc(rows, func(r views.Row) bool { return r.Status == string(hypervisor.Unknown) }) {
		a.sayUnknown()
	}
	return a.printRows(rows)
}

// sayUnknown says why the state of an instance is not known.
func (a *app) sayUnknown() {
	a.say("libvirt does not answer, so that nobody knows how instances are now; find out why: " + a.command("doctor"))
}

func (a *app) printRows(rows []views.Row) error {
	doc := instancesDocument[views.Row]{Instances: make([]views.Row, len(rows))}
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
		row.Created = row.Created.UTC()
		doc.Instances[i], list[i] = row, row.Name
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(row.Name), term.Text(row.Tenant), statusCell(row.Status), orDash(row.Address),
			term.Text(row.Flavor), term.Text(row.Profile), imageCell(row.ImageName, row.Image, row.Unlocked),
			accelCell(row.Accel), a.ageCell(row.Created), checksCell(row.ChecksPassed, row.ChecksTotal, row.Unverified),
		})
	}
	return a.streams.Print(a.settings.output, term.Result{Document: doc, People: t, Names: list})
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
