package pool

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/pools"
	drives "holm/storage/pools"
	"holm/storage/volumes"
)

type poolAddOptions struct {
	spec   pools.Spec
	dryRun bool
}

func addCommand(a *app) *cobra.Command {
	var o poolAddOptions
	cmd := &cobra.Command{
		Use:   "add NAME PATH",
		Short: "Make a mounted file system, or a thin pool of LVM, a place for state volumes",
		Long: "PATH is a mount point; for --backend lvm-thin it is VG/POOL. Volumes lie in its folder \"holm\".\n" +
			"Formatting and mounting are yours: \"holm pool create\" does both for drives that hold nothing.",
		Example: "  sudo holm pool add fast /srv/holm --require nvme,raid10\n" +
			"  sudo holm pool add thin vg0/guests --backend lvm-thin --overcommit 2",
		Args: cli.Names(2, 2, "a name for the pool and its mount point"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec.Name, o.spec.Path = args[0], args[1]
			return add(cmd.Context(), a, o)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.spec.Require, "require", "", "what must be under it, as a `LIST`: "+requirements())
	flags.StringVar(&o.spec.Backend, "backend", volumes.Qcow2, "`KIND` of volume: qcow2, reflink (XFS, btrfs) or lvm-thin")
	flags.Var(&factorFlag{&o.spec.Overcommit}, "overcommit", "how many `TIMES` its size may be promised to instances (default 1)")
	flags.StringVar(&o.spec.Site, "site", "", "`NAME` of the place where the drives stand, when it is not the host's, such as NO-OSL1")
	flags.StringVar(&o.spec.Jurisdiction, "jurisdiction", "", "two letters of the `COUNTRY` whose law holds there, when it is not the host's")
	flags.BoolVar(&o.dryRun, "dry-run", false, "print the pool as it would be and change nothing")
	_ = cmd.RegisterFlagCompletionFunc("require",
		cobra.FixedCompletions(strings.Split(requirements(), ", "), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("backend",
		cobra.FixedCompletions([]string{volumes.Qcow2, volumes.Reflink, volumes.LVMThin}, cobra.ShellCompDirectiveNoFileComp))
	cli.Ends(cmd, fault.NotFound, fault.Exists, fault.Unfit, fault.Busy, fault.Refused)
	return cmd
}

func requirements() string {
	var all []string
	for _, r := range drives.Requirements() {
		all = append(all, string(r))
	}
	return strings.Join(all, ", ")
}

func add(ctx context.Context, a *app, o poolAddOptions) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	add := p.Pools.Add
	if o.dryRun {
		add = p.Pools.Plan
	}
	v, err := add(ctx, o.spec)
	if err != nil {
		return err
	}
	if o.dryRun {
		a.Say("nothing is changed; this would be the pool:")
	}
	return a.Streams.Print(a.Settings.Output, poolResult(a, v))
}

// factorFlag is a number such as 1.5.
type factorFlag struct{ factor *float64 }

func (f *factorFlag) Type() string   { return "factor" }
func (f *factorFlag) String() string { return "" }
func (f *factorFlag) Set(text string) error {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 1 {
		return fmt.Errorf("%s is no number of 1 or more", cli.Quoted(text))
	}
	*f.factor = n
	return nil
}
