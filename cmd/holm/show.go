package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/hypervisor"
	"holm/provisioner/network"
	"holm/provisioner/tenants"
	"holm/provisioner/views"
)

func (a *app) showCommand() *cobra.Command {
	var files bool
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show all that is known of an instance",
		Example: "  sudo holm show web\n  sudo holm show web -o yaml\n  sudo holm show web --files",
		GroupID: groupInstances,
		Args:    names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if files {
				return a.showFiles(cmd.Context(), args[0])
			}
			return a.show(cmd.Context(), args[0])
		},
		ValidArgsFunction: a.completeInstances(1),
	}
	cmd.Flags().BoolVar(&files, "files", false, "list the files that its seed makes, and what each is for")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func (a *app) show(ctx context.Context, name string) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	v, err := p.Instances.Show(ctx, a.tenant(), name)
	if err != nil {
		return err
	}
	if v.DomainState == hypervisor.Unknown {
		a.sayUnknown()
	}
	return a.streams.Print(a.settings.output, a.viewResult(v))
}

// viewResult is one instance in full.
func (a *app) viewResult(v views.Instance) term.Result {
	v = inUTC(v)
	return term.Result{Document: v, People: a.viewFields(v), Names: []string{v.Name}}
}

func inUTC(v views.Instance) views.Instance {
	v.Created, v.ReadyAt = v.Created.UTC(), v.ReadyAt.UTC()
	return v
}

func (a *app) viewFields(v views.Instance) term.Fields {
	var f term.Fields
	text := func(name, value string) { f.Add(name, term.Text(value)) }
	text("name", v.Name)
	text("tenant", v.Tenant)
	f.Add("state", statusCell(v.Status))
	f.Add("failure", term.Cell{Text: v.Failure, Tone: term.Broken})
	f.Add("now", term.Cell{Text: v.Now, Tone: term.Attention})
	f.Add("paused", term.Cell{Text: v.Stalled, Tone: term.Broken})
	text("domain", fmt.Sprintf("%s (%s)", v.DomainState, v.Domain))
	text("address", v.Address)
	text("address6", v.Address6)
	for _, port := range v.Exposed {
		text("exposed", network.Port(port).String())
	}
	environmentFields(&f, v.InForce)
	text("mac", v.MAC)
	text("network", v.Network)
	text("flavor", fmt.Sprintf("%s: %s, %s, %s disk", v.Flavor.Name, count(v.Flavor.VCPUs, "vCPU"),
		bytesCell(mebibyte*int64(v.Flavor.MemoryMiB)).Text, bytesCell(gibibyte*int64(v.Flavor.DiskGiB)).Text))
	text("limits", limitsText(v.Flavor.Limits))
	text("encryption", tenants.Encryption(v.Instance))
	f.Add("disk used", bytesCell(v.VolumeBytes))
	text("pool", v.Pool)
	f.Add("residency", term.Cell{Text: overrideText(v.ResidencyOverride), Tone: term.Attention})
	if v.AllowDegraded {
		f.Add("made", term.Cell{Text: "with --allow-degraded", Tone: term.Attention})
	}
	text("profile", v.Profile)
	f.Add("image", imageCell(v.ImageName, v.Image, v.Unlocked))
	text("digest", v.Image)
	f.Add("accel", accelText(v.Accel))
	if v.UID != 0 {
		text("runs as", decimal(v.UID)+":"+decimal(v.UID))
	}
	text("machine", v.Machine)
	text("kernel", v.Kernel)
	text("user", v.User)
	text("host key", v.HostKey)
	text("machine id", v.MachineID)
	text("id", v.ID)
	f.Add("checks", checksOf(v))
	if v.Undecided > 0 {
		f.Add("look at", term.Cell{Text: a.undecided(v.Instance), Tone: term.Attention})
	}
	f.Add("created", a.sinceCell(v))
	if v.ReadyAfter > 0 {
		text("ready after", term.Elapsed(v.ReadyAfter))
	}
	if v.SeedAttached {
		f.Add("seed", term.Cell{Text: "still attached", Tone: term.Attention})
	}
	return f
}

func (a *app) sinceCell(v views.Instance) term.Cell {
	cell := a.ageCell(v.Created)
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
