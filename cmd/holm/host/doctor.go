package host

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/doctor"
)

func doctorCommand(a *app) *cobra.Command {
	var fix string
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "Judge whether this host is fit to run instances, and say what mends it",
		Example: "  sudo holm doctor\n  sudo holm doctor -o json",
		GroupID: cli.GroupHost,
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if fix != "" {
				return mendCheck(cmd.Context(), a, fix)
			}
			return examineAll(cmd.Context(), a)
		},
	}
	cmd.Flags().StringVar(&fix, "fix", "", "mend what the check `ID` complains about: "+strings.Join(doctor.Fixable(), " or "))
	cli.Ends(cmd, fault.Unfit)
	return cmd
}

func examineAll(ctx context.Context, a *app) error {
	report := a.Examine(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	failed := []string{}
	for _, r := range report.Results {
		if r.Status == doctor.Fail {
			failed = append(failed, r.ID)
		}
	}
	err := a.Streams.Print(a.Settings.Output, term.Result{
		Document: encode.HostReport(report), People: checkup{report, a.Settings.Quiet}, Names: failed,
	})
	if err == nil && !report.Fit() {
		return cli.ExitStatus(fault.Unfit) // the report has said it all
	}
	return err
}

func mendCheck(ctx context.Context, a *app, id string) error {
	result, err := a.Mend(ctx, id)
	if err != nil {
		return err
	}
	err = a.Streams.Print(a.Settings.Output, term.Result{
		Document: encode.HostCheck(result), People: checkup{doctor.Report{Results: []doctor.Result{result}}, true}, Names: []string{result.ID},
	})
	if err == nil && result.Status == doctor.Fail {
		return cli.ExitStatus(fault.Unfit)
	}
	return err
}

// checkup is a report as people read it; short leaves out head and sum.
type checkup struct {
	report doctor.Report
	short  bool
}

// Write prints one check a line, and its remedy below it.
func (c checkup) Write(w io.Writer, person bool, width int, style term.Style) error {
	if !person {
		return c.table().Write(w, false, width, style)
	}
	var b strings.Builder
	if !c.short {
		b.WriteString(c.head() + "\n\n")
	}
	idWidth := 0
	for _, r := range c.report.Results {
		idWidth = max(idWidth, len(r.ID))
	}
	tones := map[doctor.Status]term.Tone{doctor.OK: term.Good, doctor.Warn: term.Attention, doctor.Fail: term.Broken}
	indent := len(" warn  ") + idWidth + len("  ")
	for _, r := range c.report.Results {
		for i, line := range term.Wrap(term.Line(r.Found), width-indent) {
			lead := strings.Repeat(" ", indent)
			if i == 0 {
				lead = " " + style.Paint(tones[r.Status], fmt.Sprintf("%-4s", r.Status)) + fmt.Sprintf("  %-*s  ", idWidth, r.ID)
			}
			b.WriteString(strings.TrimRight(lead+line, " ") + "\n")
		}
		if r.Remedy != "" {
			// A remedy is copied and pasted: it is not broken into lines.
			b.WriteString(strings.Repeat(" ", indent) + "→ " + term.Line(r.Remedy) + "\n")
		}
	}
	if !c.short {
		b.WriteString(c.sum(width) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c checkup) table() term.Table {
	t := term.Table{Columns: []term.Column{{Title: "STATUS"}, {Title: "CHECK"}, {Title: "FOUND"}, {Title: "REMEDY"}}}
	for _, r := range c.report.Results {
		t.Rows = append(t.Rows, []term.Cell{term.Text(string(r.Status)), term.Text(r.ID), term.Text(r.Found), term.Text(r.Remedy)})
	}
	return t
}

func (c checkup) head() string {
	h := c.report.Host
	words := []string{"host", term.Line(h.Hostname), term.Line(h.OS)}
	for _, part := range []struct{ name, value string }{{"libvirt ", h.Libvirt}, {"QEMU ", h.QEMU}} {
		if part.value != "" {
			words = append(words, part.name+term.Line(part.value))
		}
	}
	if h.CPUs > 0 {
		words = append(words, cli.Count(h.CPUs, "CPU"))
	}
	if h.MemoryBytes > 0 {
		words = append(words, term.Bytes(h.MemoryBytes))
	}
	if c.report.Lab {
		words = append(words, "LAB MODE: no isolation is promised")
	}
	return strings.Join(words, "  ")
}

// sum counts the verdicts, and names the exit code at the right when there is one.
func (c checkup) sum(width int) string {
	text := fmt.Sprintf("%d ok, %s, %s", c.report.Count(doctor.OK),
		cli.Count(c.report.Count(doctor.Warn), "warning"), cli.Count(c.report.Count(doctor.Fail), "failure"))
	if c.report.Fit() {
		return text
	}
	code := fmt.Sprintf("exit %d", fault.Unfit)
	return text + strings.Repeat(" ", max(2, min(width, term.DefaultWidth)-len(text)-len(code))) + code
}
