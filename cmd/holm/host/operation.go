package host

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

func operationCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "operation VERB",
		Short: "List and show what was done to instances, and how it ended",
		Long: "Each change of an instance is an operation with an id. The newest 20 that have ended are kept of each\n" +
			"instance, also of the 100 that were removed last; what came before is in the audit log.\n" +
			"One that is \"abandoned\" was left by a process that is dead: holm reconcile closes it.",
		Example: "  sudo holm operation ls web\n  sudo holm operation show 18c2f4a1b2c3d4e5-01ab",
		GroupID: cli.GroupHost,
	}
	cli.Group(cmd)
	cmd.AddCommand(operationLsCommand(a), operationShowCommand(a))
	return cmd
}

func operationShowCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show an operation: who began it, its steps, and how it ended",
		Example: "  sudo holm operation show 18c2f4a1b2c3d4e5-01ab\n  sudo holm operation show 18c2f4a1b2c3d4e5-01ab -o json",
		Args:    cli.Names(1, 1, "the id of an operation"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			op, err := p.History.Show(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.Streams.Print(a.Settings.Output, operationResult(a, op))
		},
		ValidArgsFunction: a.Completes(1, func(ctx context.Context) ([]string, error) {
			p, err := a.Open(ctx)
			if err != nil {
				return nil, err
			}
			all, err := p.History.List(ctx, a.Settings.Tenant, "")
			slices.Reverse(all) // the newest first
			return operationIDs(all), err
		}),
	}
	cli.Ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}

func operationIDs(all []model.Operation) []string {
	ids := make([]string, len(all))
	for i, op := range all {
		ids[i] = op.ID
	}
	return ids
}

// operationResult is one operation in full.
func operationResult(a *app, op model.Operation) term.Result {
	var f term.Fields
	text := func(name, value string) { f.Add(name, term.Text(value)) }
	text("id", op.ID)
	text("kind", op.Kind)
	text("instance", op.Name)
	text("tenant", op.Tenant)
	text("pool", op.Pool)
	text("instance id", op.Instance)
	text("actor", op.Actor)
	f.Add("status", operationCell(op.Status))
	if op.Status == operations.Abandoned {
		f.Add("why", term.Cell{Text: "its process is dead; close it: " + a.Command("reconcile"), Tone: term.Attention})
	}
	f.Add("error", term.Cell{Text: op.Error, Tone: operationCell(op.Status).Tone})
	f.Add("started", a.AgeCell(op.Started))
	if !op.Ended.IsZero() {
		f.Add("ended", a.AgeCell(op.Ended))
		f.Add("took", tookCell(op))
	}
	text("steps", strings.Join(op.Steps, ", "))
	return term.Result{Document: encode.Operation(op), People: f, Names: []string{op.ID}}
}

func operationCell(s model.Status) term.Cell {
	tones := map[model.Status]term.Tone{
		model.Done: term.Good, model.Running: term.Attention, model.Undoing: term.Attention, model.Undone: term.Attention,
		operations.Abandoned: term.Broken, model.Stuck: term.Broken,
	}
	return term.Cell{Text: string(s), Tone: tones[s]}
}

// tookCell is how long an operation took; in a pipe, in seconds.
func tookCell(op model.Operation) term.Cell {
	if op.Ended.IsZero() {
		return term.Text("-")
	}
	took := op.Ended.Sub(op.Started)
	exact := time.Second
	if took < 10*time.Second {
		exact = 100 * time.Millisecond
	}
	return term.Cell{Text: took.Round(exact).String(), Pipe: cli.Decimal(int64(took / time.Second))}
}
