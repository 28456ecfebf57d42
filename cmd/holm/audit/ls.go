package audit

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/records"
)

func auditLsCommand(a *app) *cobra.Command {
	last := 20
	var all bool
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the last changes: when, who, what",
		Example: "  sudo holm audit ls\n  sudo holm audit ls --last 100 -o json",
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all {
				last = 0
			}
			return auditLs(cmd.Context(), a, last)
		},
	}
	cmd.Flags().Var(&cli.CountFlag{Count: &last}, "last", "list this `NUMBER` of entries")
	cmd.Flags().BoolVar(&all, "all", false, "list all entries")
	cli.Ends(cmd, fault.Busy)
	return cmd
}

// auditLs prints the last entries; 0 is all.
func auditLs(ctx context.Context, a *app, last int) error {
	store, err := a.Log()
	if err != nil {
		return err
	}
	list := store.Audit
	if last > 0 {
		list = func(ctx context.Context) ([]records.AuditEntry, error) { return store.AuditTail(ctx, last) }
	}
	entries, err := list(ctx)
	if err != nil {
		return err
	}
	from, _, err := store.AuditEnds(ctx)
	if err != nil {
		return err
	}
	if from.Seq > 0 && len(entries) > 0 && entries[0].Seq == from.Seq+1 {
		a.Say("entries 1 to " + cli.Decimal(from.Seq) + " were archived " + term.Time(from.Archived) + ", and are not listed")
	}
	return printEntries(a, from, entries)
}

func printEntries(a *app, from records.Base, entries []records.AuditEntry) error {
	doc := v1.AuditEntryList{Archived: from.Seq, Entries: encode.AuditEntries(entries)}
	list := make([]string, len(entries))
	t := term.Table{Columns: []term.Column{
		{Title: "SEQ", Right: true},
		{Title: "AGE"},
		{Title: "ACTOR", Min: 5, Spare: 1},
		{Title: "CHANGE"},
		{Title: "OBJECT", Min: 12, Spare: 2},
		{Title: "NOTE", Min: 12},
	}}
	for i, e := range entries {
		list[i] = cli.Decimal(e.Seq)
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(cli.Decimal(e.Seq)), a.AgeCell(e.Time), term.Text(e.Actor), term.Text(e.Kind),
			term.Text(shortObject(e.Object)), cli.OrDash(e.Note),
		})
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: doc, People: t, Names: list})
}

// shortObject is an object without the long id of an operation.
func shortObject(object string) string {
	if parts := strings.Split(object, "/"); len(parts) > 2 {
		return strings.Join(parts[:2], "/")
	}
	return object
}
