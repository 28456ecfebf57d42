package host

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/model"
)

// operationsListed is how many operations are listed unless all are asked for.
const operationsListed = 20

func operationLsCommand(a *app) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:     "ls [NAME]",
		Short:   "List the last operations of all tenants, of one, or of an instance",
		Long:    "The last 20, and whatever has not ended. Instances that were removed are listed as well.",
		Example: "  sudo holm operation ls\n  sudo holm operation ls web --all\n  sudo holm operation ls --tenant acme -o json",
		Args:    cli.Names(0, 1, "one name at most"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return operationLs(cmd.Context(), a, args, all)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cmd.Flags().BoolVar(&all, "all", false, "list all that are kept")
	cli.Ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}

func operationLs(ctx context.Context, a *app, args []string, all bool) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	tenant, name := a.Settings.Tenant, ""
	if len(args) > 0 {
		tenant, name = a.Tenant(), args[0]
	}
	list, err := p.History.List(ctx, tenant, name)
	if err != nil {
		return err
	}
	if len(list) == 0 && a.Streams.OutTerminal && a.Settings.Output == term.AsTable {
		a.Say("nothing was done yet; make an instance: " + a.Command("create", "web"))
		return nil
	}
	if !all {
		list = lastOf(list)
	}
	return printOperations(a, list)
}

// lastOf are the last operations, and those before that have not ended.
func lastOf(list []model.Operation) []model.Operation {
	var last []model.Operation
	for i, op := range list {
		if i >= len(list)-operationsListed || !op.Over() {
			last = append(last, op)
		}
	}
	return last
}

func printOperations(a *app, list []model.Operation) error {
	t := term.Table{Columns: []term.Column{
		{Title: "ID"},
		{Title: "AGE"},
		{Title: "KIND"},
		{Title: "INSTANCE", Min: 12},
		{Title: "ACTOR", Min: 5, Spare: 2},
		{Title: "STATUS"},
		{Title: "TOOK", Right: true, Spare: 1},
	}}
	for _, op := range list {
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(op.ID), a.AgeCell(op.Started), term.Text(op.Kind), term.Text(op.Tenant + "/" + op.Name), cli.OrDash(op.Actor),
			operationCell(op.Status), tookCell(op),
		})
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: encode.OperationList(list), People: t, Names: operationIDs(list)})
}
