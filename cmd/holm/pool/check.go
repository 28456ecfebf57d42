package pool

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/pools"
)

func checkCommand(a *app) *cobra.Command {
	var news bool
	cmd := &cobra.Command{
		Use:   "check [NAME...]",
		Short: "Look at what is under the pools, and let paused instances go on",
		Long: "Ends with 8 when a pool is degraded or broken. Instances that were paused because their pool was\n" +
			"full go on when it has room again. With --news it says only what was not known before, and ends\n" +
			"with 0: the timer holm-pools runs it. Then it also takes on record which instances were switched\n" +
			"off from within, starts those again whose kernel has panicked, three times in ten minutes, puts the\n" +
			"kernel's rules of instances' networks back where they are not as they are on record, and closes the\n" +
			"operations that dead processes left: see holm reconcile.",
		Example: "  sudo holm pool check\n  sudo holm pool check fast -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return check(cmd.Context(), a, args, news)
		},
		ValidArgsFunction: a.CompletePools(0),
	}
	cmd.Flags().BoolVar(&news, "news", false, "say only what has changed since the last look")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed)
	return cmd
}

func check(ctx context.Context, a *app, list []string, news bool) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	all, err := p.Pools.List(ctx, list...)
	if err != nil {
		return err
	}
	sick := slices.ContainsFunc(all, func(v pools.View) bool { return v.Health.Status != model.PoolHealthy })
	if news {
		all = slices.DeleteFunc(all, func(v pools.View) bool { return !v.Changed })
	}
	paused, unstallErr := p.Instances.Unstall(ctx)
	if news {
		unstallErr = errors.Join(unstallErr, a.News(ctx))
	}
	if len(list) > 0 {
		paused = slices.DeleteFunc(paused, func(i instances.Paused) bool { return !slices.Contains(list, i.Pool) })
	}
	if err := printChecked(ctx, a, p, all, paused, news); err != nil || unstallErr != nil {
		return cli.Joined(slices.DeleteFunc([]error{err, unstallErr}, func(e error) bool { return e == nil }))
	}
	if sick && !news {
		return cli.ExitStatus(fault.CheckFailed) // the table has said why
	}
	return nil
}

func printChecked(ctx context.Context, a *app, p Engine, all []pools.View, paused []instances.Paused, news bool) error {
	for _, i := range paused {
		text := i.Tenant + "/" + i.Name + " is paused: " + i.Why
		if i.Resumed {
			text = i.Tenant + "/" + i.Name + " goes on: there is room again"
		}
		a.Say(text)
	}
	if news && len(all) == 0 && a.Settings.Output == term.AsTable {
		return nil
	}
	doc := encode.PoolsChecked(all, paused)
	list := []string{}
	t := term.Table{Columns: []term.Column{
		{Title: "NAME", Min: 8}, {Title: "STATE"}, {Title: "SINCE"}, {Title: "DRIVES", Min: 12, Spare: 1}, {Title: "WHY", Min: 20},
	}}
	for _, v := range all {
		if v.Health.Status != model.PoolHealthy {
			list = append(list, v.Name)
		}
		why := v.Health.Why
		if why == "" && len(v.Warnings) > 0 {
			why = v.Warnings[0]
		}
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(v.Name), healthCell(v.Health.Status), a.AgeCell(v.Health.Since), cli.OrDash(DrivesUnder(v)), cli.OrDash(why),
		})
	}
	return shown(ctx, a, p, all, term.Result{Document: doc, People: t, Names: list})
}
