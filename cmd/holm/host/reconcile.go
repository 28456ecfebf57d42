package host

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
)

func reconcileCommand(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Bring the records in line with what happened without holm",
		Long: "Closes the operations that dead processes left, takes on record which instances were switched off from\n" +
			"within, starts those again whose kernel has panicked, lets paused ones go on that have room again, and\n" +
			"puts the kernel's rules of instances' networks back. The timer holm-pools does the same each minute.\n" +
			"Nothing is removed: an instance that was left half made or half removed is named, with what to do\n" +
			"about it, and it ends with 3.",
		Example: "  sudo holm reconcile --dry-run\n  sudo holm reconcile",
		GroupID: cli.GroupHost,
		Args:    cli.Names(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return reconcileAll(cmd.Context(), a, dryRun) },
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be done and change nothing")
	cli.Ends(cmd, fault.Leftover, fault.Unfit, fault.Busy)
	return cmd
}

// reconciled is what there was to bring in line.
type reconciled struct {
	DryRun     bool
	Operations []operations.Closed // closed
	Unfinished []operations.Ended  // instances that somebody has to remove or to make again
	Instances  []operations.Ended  // what became of them without holm
	Paused     []instances.Paused
	Networks   []networks.Rebuilt // whose rules were not as they are on record
}

func reconcileAll(ctx context.Context, a *app, dry bool) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	doc, err := mendAll(ctx, p, dry)
	doc = pastedReconciled(a, doc)
	if perr := printReconciled(a, doc); perr != nil || err != nil {
		return cli.Joined(slices.DeleteFunc([]error{err, perr}, func(e error) bool { return e == nil }))
	}
	stuck := slices.ContainsFunc(doc.Operations, func(c operations.Closed) bool { return c.Status == model.Stuck })
	if !dry && (stuck || len(doc.Unfinished) > 0) {
		return cli.ExitStatus(fault.Leftover) // what is left has been said
	}
	return nil
}

// mendAll goes on past errors: one part may be mended while another cannot be.
func mendAll(ctx context.Context, p Engine, dry bool) (doc reconciled, err error) {
	mend, unstall, walls := p.Instances.Reconcile, p.Instances.Unstall, p.Networks.KeepWalls
	if dry {
		mend, unstall, walls = p.Instances.Drifted, p.Instances.Stalled, p.Networks.BrokenWalls
	}
	var errs [5]error
	doc.DryRun = dry
	doc.Operations, errs[0] = p.History.Close(ctx, dry)
	doc.Unfinished, errs[1] = p.History.Unfinished(ctx)
	doc.Paused, errs[2] = unstall(ctx)
	doc.Networks, errs[3] = walls(ctx)
	doc.Instances, errs[4] = mend(ctx)
	all := errs[:]
	for _, e := range doc.Instances {
		all = append(all, e.Err)
	}
	for _, n := range doc.Networks {
		all = append(all, n.Err)
	}
	return doc, distinct(all)
}

// distinct joins errors, and leaves out what says the same again: when libvirt is away, each part says so.
func distinct(errs []error) error {
	var all []error
	for _, err := range errs {
		if err != nil && !slices.ContainsFunc(all, func(e error) bool { return e.Error() == err.Error() }) {
			all = append(all, err)
		}
	}
	return cli.Joined(all)
}

func printReconciled(a *app, doc reconciled) error {
	var f term.Fields
	for _, c := range doc.Operations {
		parts := []string{c.Kind + " of " + c.Tenant + "/" + c.Name + ": " + string(c.Status)}
		for _, more := range []string{c.Error, c.Remedy} {
			if more != "" {
				parts = append(parts, more)
			}
		}
		text := strings.Join(parts, "; ")
		f.Add(c.ID, term.Cell{Text: text, Tone: operationCell(c.Status).Tone})
	}
	for _, e := range doc.Unfinished {
		f.Add(e.Tenant+"/"+e.Name, term.Cell{Text: e.What, Tone: term.Broken})
	}
	for _, e := range doc.Instances {
		f.Add(e.Tenant+"/"+e.Name, term.Text(e.What))
	}
	for _, i := range doc.Paused {
		f.Add(i.Tenant+"/"+i.Name, term.Text(pausedText(i)))
	}
	for _, n := range doc.Networks {
		f.Add(n.Network, term.Text(wallText(n, doc.DryRun)))
	}
	if len(f) == 0 && a.Settings.Output == term.AsTable {
		a.Say("all is as it is on record")
		return nil
	}
	if doc.DryRun {
		a.Say("nothing is changed; this is what there is to do:")
	}
	list := make([]string, len(f))
	for i, field := range f {
		list[i] = field.Name
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: doc.document(), People: f, Names: list})
}

func (r reconciled) document() v1.Reconciled {
	return v1.Reconciled{
		DryRun: r.DryRun, Operations: encode.ClosedOperations(r.Operations),
		Unfinished: encode.EndedInstances(r.Unfinished), Instances: encode.EndedInstances(r.Instances),
		Paused: encode.PausedInstances(r.Paused), Networks: encode.RebuiltNetworks(r.Networks),
	}
}

// pastedReconciled has commands that work when pasted.
func pastedReconciled(a *app, r reconciled) reconciled {
	r.Operations, r.Unfinished, r.Instances = slices.Clone(r.Operations), slices.Clone(r.Unfinished), slices.Clone(r.Instances)
	for i := range r.Operations {
		c := &r.Operations[i]
		c.Remedy = a.Pasted(c.Remedy)
	}
	for _, list := range [][]operations.Ended{r.Unfinished, r.Instances} {
		for i := range list {
			list[i].What = a.Pasted(list[i].What)
		}
	}
	return r
}

func pausedText(i instances.Paused) string {
	if i.Resumed {
		return "goes on: there is room again"
	}
	return "is paused: " + i.Why
}

func wallText(n networks.Rebuilt, dry bool) string {
	switch {
	case dry:
		return "the kernel's rules are not as they are on record: " + n.What
	case n.Err != nil:
		return "the kernel's rules could not be put back: " + n.What
	}
	return "the kernel's rules were put back: " + n.What
}
