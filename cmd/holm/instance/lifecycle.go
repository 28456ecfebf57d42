package instance

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/term"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/views"
)

// act is what a verb does to one instance.
type act func(ctx context.Context, p Engine, name string, observer operations.Observer) error

// several instances of one tenant are dealt with one after the other; dry says only what would happen.
func actOn(ctx context.Context, a *app, list []string, verb, dry string, limit time.Duration, do act) ([]views.Instance, error) {
	p, err := a.Open(ctx)
	if err != nil {
		return nil, err
	}
	observer, done := a.Watch()
	var begun []model.Operation
	defer func() {
		done()
		sayBegun(a, begun)
	}()
	var seen []views.Instance
	err = cli.Each(ctx, list, func(name string) error {
		ctx, trail := operations.Traced(ctx)
		if dry == "" {
			err := cli.Within(ctx, limit, a.Longer(limit), func(ctx context.Context) error { return do(ctx, p, name, observer) })
			begun = append(begun, trail.Begun()...)
			if err != nil {
				return err
			}
		}
		v, err := p.Look.Show(ctx, a.Tenant(), name)
		if err == nil {
			v.Operation = trail.ID(verb)
			seen = append(seen, v)
			if dry != "" {
				a.Say("would " + dry + " " + name)
			}
		}
		return err
	})
	return seen, err
}

// sayBegun names operations to whoever wants to know more.
func sayBegun(a *app, begun []model.Operation) {
	if !a.Settings.Verbose {
		return
	}
	for _, op := range begun {
		a.Say("operation " + op.ID + "  " + op.Kind + " of " + op.Tenant + "/" + op.Name)
	}
}

// changed prints the instances that a verb has dealt with. On a terminal the steps have said it all already.
func changed(a *app, all []views.Instance) error {
	if a.Settings.Output == term.AsTable {
		if a.Streams.OutTerminal || len(all) == 0 {
			return nil
		}
		rows := make([]views.Row, len(all))
		for i, v := range all {
			rows[i] = RowOf(v)
		}
		return printRows(a, rows)
	}
	list := make([]string, len(all))
	for i, v := range all {
		list[i] = v.Name
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: encode.InstanceList(all), Names: list})
}

// verbOptions are the flags of a verb that changes instances by name.
type verbOptions struct {
	timeout time.Duration
	dryRun  bool
}

func (o *verbOptions) flags(cmd *cobra.Command, standard time.Duration) {
	cli.Timeout(cmd, &o.timeout, standard)
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
func byName(ctx context.Context, a *app, list []string, verb string, o verbOptions, do act) error {
	views, err := actOn(ctx, a, list, verb, o.dry(verb), o.timeout, do)
	if perr := changed(a, views); perr != nil {
		return cli.Joined(slices.DeleteFunc([]error{err, perr}, func(e error) bool { return e == nil }))
	}
	return err
}
