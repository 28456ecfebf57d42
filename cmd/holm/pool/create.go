package pool

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/storage/arrays"
	drives "holm/storage/pools"
)

type poolCreateOptions struct {
	spec        arrays.Spec
	raid1       bool
	raid10      bool
	yes, dryRun bool
}

func createCommand(a *app) *cobra.Command {
	var o poolCreateOptions
	cmd := &cobra.Command{
		Use:   "create NAME --raid10 DRIVE...",
		Short: "Make an array, a file system and a mount of drives that hold nothing, and a pool of it",
		Long: "It shows what it will do and asks. Drives that hold anything are refused: a signature, a partition,\n" +
			"a mount. When a step fails, or on Ctrl-C, the drives are left as they were.",
		Example: "  sudo holm pool create fast --raid10 /dev/nvme0n1 /dev/nvme1n1 /dev/nvme2n1 /dev/nvme3n1",
		Args:    cli.Names(2, 0, "a name for the pool and the drives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.raid1 == o.raid10 {
				return fault.New(fault.Usage, "see: holm pool create --help", "say one of --raid10 and --raid1")
			}
			o.spec.Name, o.spec.Drives = args[0], args[1:]
			return create(cmd.Context(), a, o)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault // a path below /dev
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.raid10, "raid10", false, "stripes over mirrors, of 4 drives or more")
	flags.BoolVar(&o.raid1, "raid1", false, "a mirror of all drives")
	flags.StringVar(&o.spec.Mount, "mount", "/srv/holm", "where it is mounted: a `DIR` that is empty or not there")
	flags.StringVar(&o.spec.FS, "fs", arrays.XFS, "the file `SYSTEM`: xfs or ext4")
	flags.BoolVar(&o.yes, "yes", false, "do not ask")
	flags.BoolVar(&o.dryRun, "dry-run", false, "say what would be done and change nothing")
	_ = cmd.RegisterFlagCompletionFunc("fs", cobra.FixedCompletions([]string{arrays.XFS, arrays.Ext4}, cobra.ShellCompDirectiveNoFileComp))
	cli.Ends(cmd, fault.Leftover, fault.NotFound, fault.Exists, fault.Unfit, fault.Busy, fault.Refused)
	return cmd
}

func create(ctx context.Context, a *app, o poolCreateOptions) error {
	o.spec.Level = arrays.Raid1
	if o.raid10 {
		o.spec.Level = arrays.Raid10
	}
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	if err := newPool(ctx, p, o.spec.Name); err != nil {
		return err
	}
	plan, err := a.Arrays.Plan(ctx, o.spec)
	if err != nil {
		return err
	}
	if !a.Settings.Quiet || !o.yes {
		a.Streams.Say("this will be done:")
		for _, line := range plan.Lines() {
			a.Streams.Say("  " + term.Line(line))
		}
	}
	if o.dryRun {
		return nil
	}
	if err := a.Confirmed(ctx, o.yes, "make it? what is on the drives is lost."); err != nil {
		return err
	}
	made := false
	v, err := p.Pools.Make(ctx, pools.Spec{Name: o.spec.Name, Path: o.spec.Mount, Require: demanded(plan)},
		func(ctx context.Context) error {
			err := makeArray(ctx, a, plan)
			made = err == nil
			return err
		})
	if err != nil && made {
		return fault.New(fault.Leftover, "the array is made and mounted: "+a.Command("pool", "add", o.spec.Name, o.spec.Mount),
			"pool %s: %w", o.spec.Name, err)
	}
	if err != nil {
		return err
	}
	return a.Streams.Print(a.Settings.Output, poolResult(a, v))
}

// makeArray makes what was agreed to. It looks at the drives anew: whoever had the pools before may have taken them.
func makeArray(ctx context.Context, a *app, agreed arrays.Plan) error {
	plan, err := a.Arrays.Plan(ctx, agreed.Spec)
	if err != nil {
		return err
	}
	if !slices.Equal(plan.Lines(), agreed.Lines()) {
		return fault.New(fault.Refused, "see what would be done now: --dry-run", "the drives have changed since they were looked at")
	}
	observer, done := a.Watch()
	begin, end := steps(observer)
	err = a.Arrays.Make(ctx, plan, begin)
	end(err)
	done()
	return err
}

// newPool refuses a name that is taken before anything is made.
func newPool(ctx context.Context, p Engine, name string) error {
	all, err := p.Pools.Names(ctx)
	if err == nil && slices.Contains(all, name) {
		err = fault.New(fault.Exists, "see it: holm pool show "+name, "pool %q exists already", name)
	}
	return err
}

// steps tells an observer of steps of which only the beginning is known: each ends the one before, and end the last.
func steps(observer operations.Observer) (begin func(step string), end func(error)) {
	open := ""
	tell := func(phase operations.Phase) {
		if observer != nil && open != "" {
			observer(operations.Event{Step: open, Phase: phase})
		}
	}
	begin = func(step string) {
		tell(operations.Finished)
		open = step
		tell(operations.Begun)
	}
	return begin, func(err error) {
		if err != nil {
			tell(operations.Broken)
			return
		}
		tell(operations.Finished)
	}
}

// demanded is what is required of the pool from now on: what it is made of.
func demanded(p arrays.Plan) string {
	required := []string{p.Level}
	if !slices.ContainsFunc(p.Drives, func(d arrays.Drive) bool { return !strings.HasPrefix(d.Name, "nvme") }) {
		required = append(required, string(drives.RequireNVMe))
	}
	return strings.Join(required, ",")
}
