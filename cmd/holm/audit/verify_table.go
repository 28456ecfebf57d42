package audit

import (
	"fmt"
	"io"
	"strings"

	"holm/guest/report"
	"holm/images"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/verify"
)

// marked is how an outcome looks in front of its check.
type marked struct {
	text string
	tone term.Tone
}

func mark(o report.Outcome) marked {
	switch o {
	case report.Passed:
		return marked{"ok", term.Good}
	case report.NotApplicable:
		return marked{"n/a", term.Plain}
	case report.Inconclusive:
		return marked{"??", term.Attention}
	case report.Failed:
	}
	return marked{"fail", term.Broken}
}

// verdicts are the verdicts on instances as people read them.
type verdicts []verification

// Write prints the checks by who tried them, with what was tried and what came back.
func (all verdicts) Write(w io.Writer, person bool, width int, style term.Style) error {
	if !person {
		return all.table().Write(w, false, width, style)
	}
	var b strings.Builder
	for i, v := range all {
		if i > 0 {
			b.WriteString("\n")
		}
		v.write(&b, width, style)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (all verdicts) table() term.Table {
	t := term.Table{Columns: []term.Column{
		{Title: "NAME"}, {Title: "SIDE"}, {Title: "CHECK"}, {Title: "OUTCOME"}, {Title: "SOURCE"}, {Title: "TRIED"}, {Title: "FOUND"},
	}}
	for _, v := range all {
		for _, r := range v.Results {
			t.Rows = append(t.Rows, []term.Cell{
				term.Text(v.Name), term.Text(string(r.Side)), term.Text(r.ID), term.Text(string(r.Outcome)),
				term.Text(r.Source), term.Text(r.Tried), term.Text(r.Found),
			})
		}
	}
	return t
}

func (v verification) write(b *strings.Builder, width int, style term.Style) {
	image := v.Image + "@" + images.ShortDigest(v.Digest)
	b.WriteString(spread(term.Line(v.Name+"  "+v.Profile+"  "+image), "accel "+strings.ToUpper(v.Accel), width) + "\n")
	idWidth := 0
	for _, r := range v.Results {
		idWidth = max(idWidth, len(r.ID))
	}
	for _, side := range []verify.Side{verify.Guest, verify.Host, verify.Network} {
		head := "\n " + string(side) + "\n"
		for _, r := range v.Results {
			if r.Side != side {
				continue
			}
			b.WriteString(head)
			head = ""
			writeResult(b, r, idWidth, width, style)
		}
	}
	b.WriteString("\n" + v.sum(width) + "\n")
}

func writeResult(b *strings.Builder, r verify.Result, idWidth, width int, style term.Style) {
	m := mark(r.Outcome)
	indent := len("  fail  ") + idWidth + len("  ")
	text := r.Found
	if r.Tried != "" {
		text = r.Tried + ": " + r.Found
	}
	for i, line := range term.Wrap(term.Line(text), width-indent) {
		lead := strings.Repeat(" ", indent)
		if i == 0 {
			lead = "  " + style.Paint(m.tone, fmt.Sprintf("%-4s", m.text)) + fmt.Sprintf("  %-*s  ", idWidth, r.ID)
		}
		b.WriteString(strings.TrimRight(lead+line, " ") + "\n")
	}
}

// sum counts the outcomes, and names the exit code at the right when there is one.
func (v verification) sum(width int) string {
	text := fmt.Sprintf("%d ok, %d failed, %d inconclusive", v.Counts.Passed, v.Counts.Failed, v.Counts.Inconclusive)
	if v.Counts.NotApplicable > 0 {
		text += fmt.Sprintf(", %d not applicable", v.Counts.NotApplicable)
	}
	if v.Holds {
		return text
	}
	return spread(text, fmt.Sprintf("exit %d", fault.CheckFailed), width)
}

// spread puts one text at the left and one at the right of a line.
func spread(left, right string, width int) string {
	return left + strings.Repeat(" ", max(2, min(width, term.DefaultWidth)-len(left)-len(right))) + right
}
