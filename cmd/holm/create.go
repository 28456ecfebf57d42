package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

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
	world   environmentFlags
}

func (a *app) createCommand() *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create an instance and wait until it is ready",
		Example: "  sudo holm create web\n  sudo holm create build --profile plain --cpus 2 --memory 2G --disk 20G",
		GroupID: groupInstances,
		Args:    names(1, 1, "a name for the instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec.Name, o.spec.Tenant = args[0], a.tenant()
			var err error
			if o.spec.Environment, err = o.world.change(cmd.Flags().Changed, a.streams.In); err != nil {
				return err
			}
			return a.create(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.flags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("pool", a.completePools(0))
	_ = cmd.RegisterFlagCompletionFunc("flavor", a.completeFlavors(0))
	ends(cmd, fault.Leftover, fault.NotFound, fault.Exists, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}

func (o *createOptions) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.spec.Profile, "profile", instances.DefaultProfile, "what the container host is, by `NAME`: docker, k3s or plain")
	flags.StringVar(&o.spec.Flavor, "flavor", instances.DefaultFlavor, "the size, by `NAME`")
	flags.StringVar(&o.spec.Image, "image", instances.DefaultImage, "name, digest or beginning of the digest of an `IMAGE`")
	flags.StringVar(&o.spec.User, "user", instances.DefaultUser, "login `NAME` in the instance")
	flags.Var(&countFlag{&o.spec.VCPUs}, "cpus", "`N` vCPUs instead of the flavor's")
	flags.Var(&sizeFlag{count: &o.spec.MemoryMiB, unit: mebibyte}, "memory", "`SIZE` of the memory instead of the flavor's, such as 2G")
	flags.Var(&sizeFlag{count: &o.spec.DiskGiB, unit: gibibyte}, "disk", "`SIZE` of the state disk instead of the flavor's, such as 20G")
	flags.StringVar(&o.spec.Pool, "pool", "", "`NAME` of the pool of its state disk (default: the host's, else the state directory)")
	flags.BoolVar(&o.spec.AllowDegraded, "allow-degraded", false, "take a pool that has lost a drive; this is recorded and shown")
	flags.StringVar(&o.spec.ResidencyOverride, "residency-override", "",
		"the `REASON` to let it lie where its tenant's rule does not allow; recorded and shown")
	o.world.flags(flags)
	flags.StringArrayVar(&o.keys, "ssh-key", nil, "`FILE` of public keys that may log in; can be repeated")
	flags.StringArrayVar(&o.spec.APINames, "api-name", nil,
		"`NAME` or address by which the API of a k3s instance is reached from outside; can be repeated")
	flags.BoolVar(&o.spec.NoVerify, "no-verify", false, "do not hold it to its promises, now and at later starts; this is recorded and shown")
	flags.BoolVar(&o.dryRun, "dry-run", false, "print what would be reserved and change nothing")
	timeout(cmd, &o.timeout, 10*time.Minute)
	for name, words := range map[string][]string{"profile": {"docker", "k3s", "plain"}, "user": nil} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

func (a *app) create(ctx context.Context, o createOptions) error {
	for _, file := range o.keys {
		keys, err := readPublicKeys(file)
		if err != nil {
			return err
		}
		o.spec.AuthorizedKeys = append(o.spec.AuthorizedKeys, keys...)
	}
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	if o.dryRun {
		plan, err := p.Instances.Plan(ctx, o.spec)
		if err != nil {
			return err
		}
		a.warnNameless(ctx, p, plan)
		a.say("nothing is changed; this would be reserved:")
		return a.streams.Print(a.settings.output, planResult(plan))
	}
	traced, trail := operations.Traced(ctx)
	err = within(traced, o.timeout, a.longer(o.timeout), func(ctx context.Context) error {
		observer, done := a.watch()
		defer done()
		_, err := p.Instances.Create(ctx, o.spec, observer)
		return err
	})
	a.sayBegun(trail.Begun())
	if err != nil {
		return err
	}
	v, err := p.Instances.Show(ctx, o.spec.Tenant, o.spec.Name)
	if err != nil {
		return err
	}
	v.Operation = trail.ID("create")
	a.warnNameless(ctx, p, v.Instance)
	if a.settings.output == term.AsTable && a.streams.OutTerminal {
		a.say("   ssh: " + a.command("ssh", o.spec.Name))
		return nil
	}
	if a.settings.output == term.AsTable {
		return a.printRows([]views.Row{rowOf(v)})
	}
	return a.streams.Print(a.settings.output, a.viewResult(v))
}

// planResult is what create would reserve.
func planResult(plan model.Instance) term.Result {
	var f term.Fields
	text := func(name, value string) { f.Add(name, term.Text(value)) }
	text("name", plan.Name)
	text("tenant", plan.Tenant)
	text("address", plan.Address)
	text("address6", plan.Address6)
	text("network", plan.Network)
	text("flavor", plan.Flavor.Name)
	text("vcpus", decimal(plan.Flavor.VCPUs))
	f.Add("memory", bytesCell(mebibyte*int64(plan.Flavor.MemoryMiB)))
	f.Add("disk", bytesCell(gibibyte*int64(plan.Flavor.DiskGiB)))
	text("pool", plan.Pool)
	text("profile", plan.Profile)
	f.Add("image", imageCell(plan.ImageName, plan.Image, plan.Unlocked))
	text("digest", plan.Image)
	f.Add("accel", accelText(plan.Accel))
	text("machine", plan.Machine)
	text("user", plan.User)
	if plan.Unverified {
		f.Add("checks", term.Cell{Text: "none: --no-verify", Tone: term.Attention})
	}
	return term.Result{Document: plan, People: f, Names: []string{plan.Name}}
}

// rowOf is the line of an instance in a list.
func rowOf(v views.Instance) views.Row {
	return views.Row{Status: v.Status, Summary: model.Summary{
		ID: v.ID, Name: v.Name, Tenant: v.Tenant, State: v.State, Address: v.Address, Flavor: v.Flavor.Name,
		Profile: v.Profile, Image: v.Image, ImageName: v.ImageName, Unlocked: v.Unlocked, Accel: v.Accel,
		BootID: v.BootID, Created: v.Created, ChecksPassed: v.ChecksPassed, ChecksTotal: v.ChecksTotal, Unverified: v.Unverified,
	}}
}

// warnNameless says on stderr that no name will resolve in an instance, and what mends it.
func (a *app) warnNameless(ctx context.Context, p engine, inst model.Instance) {
	if what, err := p.Instances.Nameless(ctx, inst); err == nil && what != "" {
		a.say("warning: " + what)
		a.say("  → " + nameServersRemedy)
	}
}

// nameServersRemedy names a server for all instances of this host.
const nameServersRemedy = "holm host set --nameserver ADDRESS"
