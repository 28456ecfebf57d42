package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/term"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/views"
)

// act is what a verb does to one instance.
type act func(ctx context.Context, p engine, name string, observer operations.Observer) error

// several instances of one tenant are dealt with one after the other; dry says only what would happen.
func (a *app) actOn(ctx context.Context, list []string, verb, dry string, limit time.Duration, do act) ([]views.Instance, error) {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return nil, err
	}
	observer, done := a.watch()
	var begun []model.Operation
	defer func() {
		done()
		a.sayBegun(begun)
	}()
	var seen []views.Instance
	err = each(ctx, list, func(name string) error {
		ctx, trail := operations.Traced(ctx)
		if dry == "" {
			err := within(ctx, limit, a.longer(limit), func(ctx context.Context) error { return do(ctx, p, name, observer) })
			begun = append(begun, trail.Begun()...)
			if err != nil {
				return err
			}
		}
		v, err := p.Instances.Show(ctx, a.tenant(), name)
		if err == nil {
			v.Operation = trail.ID(verb)
			seen = append(seen, v)
			if dry != "" {
				a.say("would " + dry + " " + name)
			}
		}
		return err
	})
	return seen, err
}

// sayBegun names operations to whoever wants to know more.
func (a *app) sayBegun(begun []model.Operation) {
	if !a.settings.verbose {
		return
	}
	for _, op := range begun {
		a.say("operation " + op.ID + "  " + op.Kind + " of " + op.Tenant + "/" + op.Name)
	}
}

// changed prints the instances that a verb has dealt with. On a terminal the steps have said it all already.
func (a *app) changed(all []views.Instance) error {
	if a.settings.output == term.AsTable {
		if a.streams.OutTerminal || len(all) == 0 {
			return nil
		}
		rows := make([]views.Row, len(all))
		for i, v := range all {
			rows[i] = rowOf(v)
		}
		return a.printRows(rows)
	}
	doc := instancesDocument[views.Instance]{Instances: make([]views.Instance, len(all))}
	list := make([]string, len(all))
	for i, v := range all {
		doc.Instances[i], list[i] = inUTC(v), v.Name
	}
	return a.streams.Print(a.settings.output, term.Result{Document: doc, Names: list})
}

// verbOptions are the flags of a verb that changes instances by name.
type verbOptions struct {
	timeout time.Duration
	dryRun  bool
}

func (o *verbOptions) flags(cmd *cobra.Command, standard time.Duration) {
	timeout(cmd, &o.timeout, standard)
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would be done and change nothing")
}

// dry is the verb when nothing must be changed, else "".
func (o *verbOptions) dry(verb string) string {
	if o.dryRun {
		return verb
	}
	return ""
}

// byName runs a verb on instances and prints them as they are afterwards.
func (a *app) byName(ctx context.Context, list []string, verb string, o verbOptions, do act) error {
	views, err := a.actOn(ctx, list, verb, o.dry(verb), o.timeout, do)
	if perr := a.changed(views); perr != nil {
		return joined(slices.DeleteFunc([]error{err, perr}, func(e error) bool { return e == nil }))
	}
	return err
}
