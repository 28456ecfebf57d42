package pool

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/arrays"
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
	plan, err := p.Arrays.Plan(ctx, o.spec)
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
	observer, done := a.Watch()
	v, err := p.Arrays.Create(ctx, plan, observer)
	done()
	if err != nil {
		return err
	}
	return a.Streams.Print(a.Settings.Output, poolResult(a, v))
}
