package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

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

func (a *app) rmCommand() *cobra.Command {
	var o rmOptions
	cmd := &cobra.Command{
		Use:     "rm NAME...",
		Short:   "Remove instances with their disks; there is no way back",
		Example: "  sudo holm rm web\n  sudo holm rm --yes web build",
		GroupID: groupInstances,
		Args:    names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.rm(cmd.Context(), args, o)
		},
		ValidArgsFunction: a.completeInstances(0),
	}
	o.flags(cmd, 5*time.Minute)
	cmd.Flags().BoolVar(&o.giveUp, "give-up-volume", false, "when its pool is lost: remove the rest, and leave the disk where it is")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	ends(cmd, fault.Leftover, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

// removed is what is left to say of an instance that is gone.
type removed struct {
	Name   string `json:"name"`
	Tenant string `json:"tenant"`
	Status string `json:"status"`
	// Operation is the id of the one that has removed it.
	Operation string `json:"operation,omitempty"`
}

func (a *app) rm(ctx context.Context, list []string, o rmOptions) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	if o.dryRun {
		_, err := a.actOn(ctx, list, "destroy", "remove", o.timeout, nil)
		return err
	}
	if err := a.mayRemove(ctx, p, list, o.yes); err != nil {
		return err
	}
	doc := instancesDocument[removed]{Instances: []removed{}}
	var gone []string
	remove := p.Instances.Remove
	if o.giveUp {
		remove = p.Instances.GiveUp
	}
	observer, done := a.watch()
	var begun []model.Operation
	err = each(ctx, list, func(name string) error {
		ctx, trail := operations.Traced(ctx)
		err := within(ctx, o.timeout, a.longer(o.timeout), func(ctx context.Context) error { return remove(ctx, a.tenant(), name, observer) })
		begun = append(begun, trail.Begun()...)
		if err == nil {
			doc.Instances = append(doc.Instances, removed{Name: name, Tenant: a.tenant(), Status: "removed", Operation: trail.ID("destroy")})
			gone = append(gone, name)
		}
		return err
	})
	done()
	a.sayBegun(begun)
	if a.settings.output != term.AsTable {
		if perr := a.streams.Print(a.settings.output, term.Result{Document: doc, Names: gone}); perr != nil {
			return errors.Join(err, perr)
		}
	}
	return err
}

// mayRemove asks once for all of them. A name that is not there is said before anything is asked; what else is wrong
// with an instance does not keep it from being removed.
func (a *app) mayRemove(ctx context.Context, p engine, list []string, yes bool) error {
	if yes {
		return nil
	}
	if a.streams.CanAsk() {
		for _, name := range list {
			_, err := p.Instances.Show(ctx, a.tenant(), name)
			if errors.Is(err, records.ErrNotFound) || fault.KindOf(err) == fault.NotFound {
				return err
			}
		}
	}
	noun := "instance "
	if len(list) > 1 {
		noun = "instances "
	}
	return a.confirmed(ctx, false, "remove "+noun+term.Line(listed(list))+" of tenant "+a.tenant()+" with all data? there is no way back.")
}
