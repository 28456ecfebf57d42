package inside

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
)

func auditCapsCommand(a *app) *cobra.Command {
	long := 10 * time.Second
	cmd := &cobra.Command{
		Use:   "audit-caps NAME",
		Short: "Show who holds which capabilities in an instance, and who uses them",
		Long: "The instance's kernel counts, for as long as --watch says, which capabilities are\n" +
			"asked for and granted. What a container holds and was not seen to use can be\n" +
			"dropped: the proposal stands under ADVICE. Let your workload do what it does on an\n" +
			"ordinary day meanwhile: what it was not seen to use, it may still need tomorrow.",
		Example: "  sudo holm audit-caps web --watch 1m\n  sudo holm audit-caps web -o json",
		GroupID: cli.GroupInside,
		Args:    cli.Names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return auditCaps(cmd.Context(), a, args[0], long)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cmd.Flags().Var(&watchFlag{&long}, "watch", "how `LONG` to watch, such as 30s or 5m: 1 s to 10 min")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func auditCaps(ctx context.Context, a *app, name string, long time.Duration) error {
	p, _, err := running(ctx, a, name)
	if err != nil {
		return err
	}
	observer, done := a.Watch()
	found, err := p.Proof.AuditCaps(ctx, a.Tenant(), name, long, observer)
	done()
	if err != nil {
		return err
	}
	doc := v1.CapabilityAudit{
		Name: name, Tenant: a.Tenant(), Watched: found.Watched, Subjects: []v1.CapabilitySubject{}, LeftOut: found.Dropped,
	}
	var names []string
	for _, c := range found.Subject {
		subject := encode.CapabilitySubject(c)
		subject.Advice = adviseOn(c)
		doc.Subjects = append(doc.Subjects, subject)
		names = append(names, c.Name)
	}
	if found.Dropped > 0 {
		a.Say("the instance left " + cli.Count(found.Dropped, "subject") + " out of its answer: it was too long")
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: doc, People: auditTable(doc.Subjects), Names: names})
}

func auditTable(all []v1.CapabilitySubject) term.Table {
	t := term.Table{Columns: []term.Column{
		{Title: "KIND", Spare: 1},
		{Title: "NAME", Min: 10},
		{Title: "USER", Min: 6},
		{Title: "REACH", Spare: 2},
		{Title: "HOLDS", Min: 12},
		{Title: "USED", Min: 12},
		{Title: "ADVICE", Min: 16},
	}}
	for _, s := range all {
		holds := term.Cell{Text: capsText(s.Effective), Pipe: strings.Join(s.Effective, ",")}
		reach := "guest"
		if s.UserNS {
			reach = "own" // a user namespace of its own: beyond it the capabilities mean nothing
		} else if len(s.Effective) > 0 && s.Kind != "process" {
			holds.Tone = term.Attention
		}
		row := []term.Cell{
			term.Text(s.Kind), term.Text(s.Name), term.Text(s.User), term.Text(reach), holds,
			{Text: capsText(s.Used), Pipe: strings.Join(s.Used, ",")},
			term.Text("-"),
		}
		if s.Advice != nil {
			row[6] = term.Text(adviceLine(*s.Advice))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// capsText is a list of capabilities for people: short names, or their number when there are many.
func capsText(list []string) string {
	const most = 3
	switch {
	case len(list) == 0:
		return "none"
	case len(list) > most:
		return cli.Count(len(list), "cap")
	}
	return strings.Join(shortCaps(list), " ")
}
