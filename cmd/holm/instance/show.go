package instance

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
	"holm/provisioner/views"
)

func showCommand(a *app) *cobra.Command {
	var files bool
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show all that is known of an instance",
		Example: "  sudo holm show web\n  sudo holm show web -o yaml\n  sudo holm show web --files",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if files {
				return showFiles(cmd.Context(), a, args[0])
			}
			return show(cmd.Context(), a, args[0])
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cmd.Flags().BoolVar(&files, "files", false, "list the files that its seed makes, and what each is for")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func show(ctx context.Context, a *app, name string) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	v, err := p.Look.Show(ctx, a.Tenant(), name)
	if err != nil {
		return err
	}
	if v.DomainState == hypervisor.Unknown {
		sayUnknown(a)
	}
	return a.Streams.Print(a.Settings.Output, viewResult(a, v))
}

// viewResult is one instance in full.
func viewResult(a *app, v views.Instance) term.Result {
	return term.Result{Document: encode.Instance(v), People: viewFields(a, v), Names: []string{v.Name}}
}

func viewFields(a *app, v views.Instance) term.Fields {
	var f term.Fields
	text := func(name, value string) { f.Add(name, term.Text(value)) }
	text("name", v.Name)
	text("tenant", v.Tenant)
	f.Add("state", statusCell(v.Status))
	f.Add("failure", term.Cell{Text: v.Failure, Tone: term.Broken})
	f.Add("now", term.Cell{Text: v.Now, Tone: term.Attention})
	f.Add("paused", term.Cell{Text: v.Stalled, Tone: term.Broken})
	for _, part := range v.Wrong {
		f.Add("wrong", term.Cell{Text: "the " + part.Part + " " + part.What, Tone: term.Broken})
	}
	text("domain", fmt.Sprintf("%s (%s)", v.DomainState, v.Domain))
	text("address", model.Text(v.Address))
	text("address6", model.Text(v.Address6))
	for _, port := range v.Exposed {
		text("exposed", port.String())
	}
	cli.EnvironmentFields(&f, v.InForce)
	text("mac", v.MAC)
	text("network", v.Network)
	text("flavor", fmt.Sprintf("%s: %s, %s, %s disk", v.Flavor.Name, cli.Count(v.Flavor.VCPUs, "vCPU"),
		cli.BytesCell(cli.Mebibyte*int64(v.Flavor.MemoryMiB)).Text, cli.BytesCell(cli.Gibibyte*int64(v.Flavor.DiskGiB)).Text))
	text("limits", cli.LimitsText(v.Flavor.Limits))
	text("encryption", tenants.Encryption(v.Instance))
	f.Add("disk used", cli.BytesCell(v.VolumeBytes))
	text("pool", v.Pool)
	f.Add("residency", term.Cell{Text: overrideText(v.ResidencyOverride), Tone: term.Attention})
	if v.AllowDegraded {
		f.Add("made", term.Cell{Text: "with --allow-degraded", Tone: term.Attention})
	}
	text("profile", v.Profile)
	f.Add("image", imageCell(v.ImageName, v.Image, v.Unlocked))
	text("digest", v.Image)
	f.Add("accel", cli.AccelText(v.Accel))
	if v.UID != 0 {
		text("runs as", cli.Decimal(v.UID)+":"+cli.Decimal(v.UID))
	}
	text("machine", v.Machine)
	text("kernel", v.Kernel)
	text("user", v.User)
	text("host key", v.HostKey)
	text("machine id", v.MachineID)
	text("id", v.ID)
	f.Add("checks", checksOf(v))
	if v.Undecided > 0 {
		f.Add("look at", term.Cell{Text: undecided(a, v.Instance), Tone: term.Attention})
	}
	f.Add("created", sinceCell(a, v))
	if v.ReadyAfter > 0 {
		text("ready after", term.Elapsed(v.ReadyAfter))
	}
	if v.SeedAttached {
		f.Add("seed", term.Cell{Text: "still attached", Tone: term.Attention})
	}
	return f
}

func sinceCell(a *app, v views.Instance) term.Cell {
	cell := a.AgeCell(v.Created)
	if cell.Pipe != "" {
		cell.Text += " ago"
	}
	return cell
}

// overrideText says that a rule was set aside, and why.
func overrideText(reason string) string {
	if reason == "" {
		return ""
	}
	return "its tenant's rule is overridden: " + reason
}

// checksOf is how many of its promises an instance kept when it was last asked, or that it was not.
func checksOf(v views.Instance) term.Cell {
	cell := checksCell(v.ChecksPassed, v.ChecksTotal, v.Unverified)
	switch {
	case v.Unverified && v.ChecksTotal == 0:
		cell.Text = "not verified (--no-verify)"
	case v.Unverified:
		cell.Text += " (not asked at the start: --no-verify)"
	}
	return cell
}
