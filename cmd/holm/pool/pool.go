package pool

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/term"
	"holm/provisioner/model"
	"holm/provisioner/pools"
)

func poolCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pool VERB",
		Short: "Say where state volumes live, and watch what is under them",
		Long: "A pool is a file system, or a thin pool of LVM, on drives of this host. What is demanded of the\n" +
			"drives is looked at when the pool is added, at each create and start, and by a timer.",
		Example: "  sudo holm pool add fast /srv/holm --require nvme,raid10\n  sudo holm pool check",
		GroupID: cli.GroupHost,
	}
	cli.Group(cmd)
	cmd.AddCommand(addCommand(a), createCommand(a), lsCommand(a), showCommand(a), checkCommand(a), rmCommand(a))
	return cmd
}

func poolsResult(all []pools.View) term.Result {
	list := make([]string, len(all))
	t := term.Table{Columns: []term.Column{
		{Title: "NAME", Min: 8},
		{Title: "STATE"},
		{Title: "PATH", Min: 10, Spare: 1},
		{Title: "BACKEND", Spare: 2},
		{Title: "DRIVES", Min: 12},
		{Title: "SIZE", Right: true},
		{Title: "USED", Right: true},
		{Title: "PROMISED", Right: true},
		{Title: "INST", Right: true},
	}}
	for i, v := range all {
		list[i] = v.Name
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(v.Name), healthCell(v.Health.Status), term.Text(v.Path), term.Text(v.Backend), cli.OrDash(DrivesUnder(v)),
			cli.BytesCell(v.CapacityBytes), cli.BytesCell(v.UsedBytes), cli.BytesCell(v.PromisedBytes), term.Text(cli.Decimal(v.Instances)),
		})
	}
	return term.Result{Document: encode.PoolList(all), People: t, Names: list}
}

// DrivesUnder sums up what a pool stands on.
func DrivesUnder(v pools.View) string {
	if v.Tree == nil {
		return ""
	}
	return v.Tree.Summary()
}

func healthCell(s model.PoolStatus) term.Cell {
	tones := map[model.PoolStatus]term.Tone{
		model.PoolHealthy: term.Good, model.PoolDegraded: term.Attention, model.PoolBroken: term.Broken,
	}
	return term.Cell{Text: string(s), Tone: tones[s]}
}

// poolSheet is a pool in full, and on a terminal a drawing of what it stands on.
type poolSheet struct {
	fields term.Fields
	lines  []string
}

// Write implements what term prints.
func (s poolSheet) Write(w io.Writer, person bool, width int, style term.Style) error {
	if err := s.fields.Write(w, person, width, style); err != nil || !person || len(s.lines) == 0 {
		return err
	}
	var b strings.Builder
	for _, line := range s.lines {
		b.WriteString(term.Line(line) + "\n")
	}
	_, err := io.WriteString(w, "\n"+b.String())
	return err
}

func poolResult(a *app, v pools.View) term.Result {
	var f term.Fields
	text := func(name, value string) { f.Add(name, term.Text(value)) }
	text("name", v.Name)
	f.Add("state", healthCell(v.Health.Status))
	f.Add("why", term.Cell{Text: v.Health.Why, Tone: healthCell(v.Health.Status).Tone})
	f.Add("since", a.AgeCell(v.Health.Since))
	for _, warning := range v.Warnings {
		f.Add("warning", term.Cell{Text: warning, Tone: term.Attention})
	}
	text("path", v.Path)
	text("backend", v.Backend)
	text("file system", v.FSType+"  "+v.FSUUID)
	text("require", strings.Join(v.Require, ", "))
	text("drives", DrivesUnder(v))
	f.Add("size", cli.BytesCell(v.CapacityBytes))
	f.Add("free", cli.BytesCell(v.FreeBytes))
	f.Add("used", withPeak(v.UsedBytes, v.UsedPeak))
	f.Add("promised", withPeak(v.PromisedBytes, v.PromisedPeak))
	text("overcommit", fmt.Sprintf("%g", v.Overcommit))
	text("instances", cli.Decimal(v.Instances))
	text("site", v.Site)
	text("jurisdiction", v.Jurisdiction)
	sheet := poolSheet{fields: f}
	if v.Tree != nil {
		sheet.lines = v.Tree.Draw()
	}
	return term.Result{Document: encode.Pool(v), People: sheet, Names: []string{v.Name}}
}

// withPeak is a number of bytes, and the most that it ever was.
func withPeak(now, peak uint64) term.Cell {
	cell := cli.BytesCell(now)
	if peak > now {
		cell.Text += " (" + term.Bytes(peak) + " at most so far)"
	}
	return cell
}

// shown prints pools, and remembers that a person has seen how they are.
func shown(ctx context.Context, a *app, p Engine, all []pools.View, r term.Result) error {
	if err := a.Streams.Print(a.Settings.Output, r); err != nil || !a.Streams.OutTerminal {
		return err
	}
	return p.Pools.Acknowledge(ctx, all)
}
