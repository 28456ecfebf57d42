package instance

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/views"
)

type createOptions struct {
	spec    instances.Spec
	keys    []string
	timeout time.Duration
	dryRun  bool
	world   cli.EnvironmentFlags
}

func createCommand(a *app) *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create an instance and wait until it is ready",
		Example: "  sudo holm create web\n  sudo holm create build --profile plain --cpus 2 --memory 2G --disk 20G",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 1, "a name for the instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec.Name, o.spec.Tenant = args[0], a.Tenant()
			var err error
			if o.spec.Environment, err = o.world.Change(cmd.Flags().Changed, a.Streams.In); err != nil {
				return err
			}
			return create(cmd.Context(), a, o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.flags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("pool", a.CompletePools(0))
	_ = cmd.RegisterFlagCompletionFunc("flavor", a.CompleteFlavors(0))
	cli.Ends(cmd, fault.Leftover, fault.NotFound, fault.Exists, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}

func (o *createOptions) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.spec.Profile, "profile", instances.DefaultProfile, "what the container host is, by `NAME`: docker, k3s or plain")
	flags.StringVar(&o.spec.Flavor, "flavor", instances.DefaultFlavor, "the size, by `NAME`")
	flags.StringVar(&o.spec.Image, "image", instances.DefaultImage, "name, digest or beginning of the digest of an `IMAGE`")
	flags.StringVar(&o.spec.User, "user", instances.DefaultUser, "login `NAME` in the instance")
	flags.Var(&cli.CountFlag{Count: &o.spec.VCPUs}, "cpus", "`N` vCPUs instead of the flavor's")
	flags.Var(&cli.SizeFlag{Count: &o.spec.MemoryMiB, Unit: cli.Mebibyte}, "memory",
		"`SIZE` of the memory instead of the flavor's, such as 2G")
	flags.Var(&cli.SizeFlag{Count: &o.spec.DiskGiB, Unit: cli.Gibibyte}, "disk",
		"`SIZE` of the state disk instead of the flavor's, such as 20G")
	flags.StringVar(&o.spec.Pool, "pool", "", "`NAME` of the pool of its state disk (default: the host's, else the state directory)")
	flags.BoolVar(&o.spec.AllowDegraded, "allow-degraded", false, "take a pool that has lost a drive; this is recorded and shown")
	flags.StringVar(&o.spec.ResidencyOverride, "residency-override", "",
		"the `REASON` to let it lie where its tenant's rule does not allow; recorded and shown")
	o.world.Flags(flags)
	flags.StringArrayVar(&o.keys, "ssh-key", nil, "`FILE` of public keys that may log in; can be repeated")
	flags.StringArrayVar(&o.spec.APINames, "api-name", nil,
		"`NAME` or address by which the API of a k3s instance is reached from outside; can be repeated")
	flags.BoolVar(&o.spec.NoVerify, "no-verify", false, "do not hold it to its promises, now and at later starts; this is recorded and shown")
	flags.BoolVar(&o.dryRun, "dry-run", false, "print what would be reserved and change nothing")
	cli.Timeout(cmd, &o.timeout, 10*time.Minute)
	for name, words := range map[string][]string{"profile": {"docker", "k3s", "plain"}, "user": nil} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

func create(ctx context.Context, a *app, o createOptions) error {
	for _, file := range o.keys {
		keys, err := cli.ReadPublicKeys(file)
		if err != nil {
			return err
		}
		o.spec.AuthorizedKeys = append(o.spec.AuthorizedKeys, keys...)
	}
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	if o.dryRun {
		plan, err := p.Life.Plan(ctx, o.spec)
		if err != nil {
			return err
		}
		warnNameless(ctx, a, p, plan)
		a.Say("nothing is changed; this would be reserved:")
		return a.Streams.Print(a.Settings.Output, planResult(plan))
	}
	traced, trail := operations.Traced(ctx)
	err = cli.Within(traced, o.timeout, a.Longer(o.timeout), func(ctx context.Context) error {
		observer, done := a.Watch()
		defer done()
		_, err := p.Life.Create(ctx, o.spec, observer)
		return err
	})
	sayBegun(a, trail.Begun())
	if err != nil {
		return err
	}
	v, err := p.Look.Show(ctx, o.spec.Tenant, o.spec.Name)
	if err != nil {
		return err
	}
	v.Operation = trail.ID("create")
	warnNameless(ctx, a, p, v.Instance)
	if a.Settings.Output == term.AsTable && a.Streams.OutTerminal {
		a.Say("   ssh: " + a.Command("ssh", o.spec.Name))
		return nil
	}
	if a.Settings.Output == term.AsTable {
		return printRows(a, []views.Row{RowOf(v)})
	}
	return a.Streams.Print(a.Settings.Output, viewResult(a, v))
}

// planResult is what create would reserve.
func planResult(plan model.Instance) term.Result {
	var f term.Fields
	text := func(name, value string) { f.Add(name, term.Text(value)) }
	text("name", plan.Name)
	text("tenant", plan.Tenant)
	text("address", model.Text(plan.Address))
	text("address6", model.Text(plan.Address6))
	text("network", plan.Network)
	text("flavor", plan.Flavor.Name)
	text("vcpus", cli.Decimal(plan.Flavor.VCPUs))
	f.Add("memory", cli.BytesCell(cli.Mebibyte*int64(plan.Flavor.MemoryMiB)))
	f.Add("disk", cli.BytesCell(cli.Gibibyte*int64(plan.Flavor.DiskGiB)))
	text("pool", plan.Pool)
	text("profile", plan.Profile)
	f.Add("image", imageCell(plan.ImageName, plan.Image, plan.Unlocked))
	text("digest", plan.Image)
	f.Add("accel", cli.AccelText(plan.Accel))
	text("machine", plan.Machine)
	text("user", plan.User)
	if plan.Unverified {
		f.Add("checks", term.Cell{Text: "none: --no-verify", Tone: term.Attention})
	}
	return term.Result{Document: encode.InstanceBase(plan), People: f, Names: []string{plan.Name}}
}

// RowOf is the line of an instance in a list.
func RowOf(v views.Instance) views.Row {
	return views.Row{Status: v.Status, Summary: model.Summary{
		ID: v.ID, Name: v.Name, Tenant: v.Tenant, State: v.State, Address: v.Address, Flavor: v.Flavor.Name,
		Profile: v.Profile, Image: v.Image, ImageName: v.ImageName, Unlocked: v.Unlocked, Accel: v.Accel,
		BootID: v.BootID, Created: v.Created, ChecksPassed: v.ChecksPassed, ChecksTotal: v.ChecksTotal, Unverified: v.Unverified,
	}}
}

// warnNameless says on stderr that no name will resolve in an instance, and what mends it.
func warnNameless(ctx context.Context, a *app, p Engine, inst model.Instance) {
	if what, err := p.Look.Nameless(ctx, inst); err == nil && what != "" {
		a.Say("warning: " + what)
		a.Say("  → " + nameServersRemedy)
	}
}

// nameServersRemedy names a server for all instances of this host.
const nameServersRemedy = "holm host set --nameserver ADDRESS"
