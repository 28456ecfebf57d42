package instance

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/storage/records"
)

type rmOptions struct {
	verbOptions
	yes, giveUp bool
}

func rmCommand(a *app) *cobra.Command {
	var o rmOptions
	cmd := &cobra.Command{
		Use:     "rm NAME...",
		Short:   "Remove instances with their disks; there is no way back",
		Example: "  sudo holm rm web\n  sudo holm rm --yes web build",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return rm(cmd.Context(), a, args, o)
		},
		ValidArgsFunction: a.CompleteInstances(0),
	}
	o.flags(cmd, 5*time.Minute)
	cmd.Flags().BoolVar(&o.giveUp, "give-up-volume", false, "when its pool is lost: remove the rest, and leave the disk where it is")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	cli.Ends(cmd, fault.Leftover, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func rm(ctx context.Context, a *app, list []string, o rmOptions) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	if o.dryRun {
		_, err := actOn(ctx, a, list, "destroy", "remove", o.timeout, nil)
		return err
	}
	if err := mayRemove(ctx, a, p, list, o.yes); err != nil {
		return err
	}
	doc := v1.RemovedInstances{Instances: []v1.RemovedInstance{}}
	var gone []string
	remove := p.Life.Remove
	if o.giveUp {
		remove = p.Life.GiveUp
	}
	observer, done := a.Watch()
	var begun []model.Operation
	err = cli.Each(ctx, list, func(name string) error {
		ctx, trail := operations.Traced(ctx)
		err := cli.Within(ctx, o.timeout, a.Longer(o.timeout), func(ctx context.Context) error { return remove(ctx, a.Tenant(), name, observer) })
		begun = append(begun, trail.Begun()...)
		if err == nil {
			doc.Instances = append(doc.Instances, v1.RemovedInstance{
				Name: name, Tenant: a.Tenant(), Status: "removed", Operation: trail.ID("destroy"),
			})
			gone = append(gone, name)
		}
		return err
	})
	done()
	sayBegun(a, begun)
	if a.Settings.Output != term.AsTable {
		if perr := a.Streams.Print(a.Settings.Output, term.Result{Document: doc, Names: gone}); perr != nil {
			return errors.Join(err, perr)
		}
	}
	return err
}

// mayRemove asks once for all of them. A name that is not there is said before anything is asked; what else is wrong
// with an instance does not keep it from being removed.
func mayRemove(ctx context.Context, a *app, p Engine, list []string, yes bool) error {
	if yes {
		return nil
	}
	if a.Streams.CanAsk() {
		for _, name := range list {
			_, err := p.Look.Show(ctx, a.Tenant(), name)
			if errors.Is(err, records.ErrNotFound) || fault.KindOf(err) == fault.NotFound {
				return err
			}
		}
	}
	noun := "instance "
	if len(list) > 1 {
		noun = "instances "
	}
	return a.Confirmed(ctx, false, "remove "+noun+term.Line(cli.Listed(list))+" of tenant "+a.Tenant()+" with all data? there is no way back.")
}
