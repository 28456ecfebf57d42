package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/hypervisor"
)

func (a *app) statsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "stats [NAME...]",
		Short:   "Show what instances use of CPU, memory, disk and network",
		Long:    "Without a name: all instances of the tenant that run. Counters begin with the start of the instance.",
		Example: "  sudo holm stats\n  sudo holm stats web -o json",
		GroupID: groupInstances,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.stats(cmd.Context(), args)
		},
		ValidArgsFunction: a.completeInstances(0),
	}
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

// usage is what one instance uses.
type usage struct {
	Name   string           `json:"name"`
	Tenant string           `json:"tenant"`
	Stats  hypervisor.Stats `json:"stats"`
}

func (a *app) stats(ctx context.Context, list []string) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if list, err = runningNames(ctx, p, a.tenant()); err != nil {
			return err
		}
	}
	doc := instancesDocument[usage]{Instances: []usage{}}
	var read []string
	err = each(ctx, list, func(name string) error {
		s, err := p.Instances.Stats(ctx, a.tenant(), name)
		if err == nil {
			doc.Instances = append(doc.Instances, usage{Name: name, Tenant: a.tenant(), Stats: s})
			read = append(read, name)
		}
		return err
	})
	if len(read) > 0 || err == nil {
		result := term.Result{Document: doc, People: usageTable(doc.Instances), Names: read}
		if perr := a.streams.Print(a.settings.output, result); perr != nil {
			return perr
		}
	}
	return err
}

func runningNames(ctx context.Context, p engine, tenant string) ([]string, error) {
	rows, err := p.Instances.List(ctx, tenant)
	var list []string
	for _, row := range rows {
		if row.Status == "ready" || row.Status == "booting" {
			list = append(list, row.Name)
		}
	}
	return list, err
}

// usageTable has one line for each resource of each instance. What a resource has no such thing as is "-".
func usageTable(all []usage) term.Table {
	none := term.Text("-")
	t := term.Table{Columns: []term.Column{
		{Title: "NAME", Min: 8},
		{Title: "RESOURCE"},
		{Title: "DEVICE"},
		{Title: "READ", Right: true},
		{Title: "WRITTEN", Right: true},
		{Title: "USED", Right: true},
		{Title: "OF", Right: true},
	}}
	for _, u := range all {
		name, s := term.Text(u.Name), u.Stats
		spent := time.Duration(min(s.CPUTimeNS, 1<<62)) // #nosec G115 -- bounded
		t.Rows = append(t.Rows,
			[]term.Cell{
				name, term.Text("cpu"), none, none, none,
				{Text: term.Elapsed(spent), Pipe: decimal(s.CPUTimeNS)},
				{Text: count(s.VCPUs, "vCPU"), Pipe: decimal(s.VCPUs)},
			},
			[]term.Cell{name, term.Text("memory"), none, none, none, bytesCell(s.RSSBytes), bytesCell(s.MemoryBytes)})
		for _, d := range s.Disks {
			device := d.Target
			if d.ReadOnly {
				device += " read-only"
			}
			t.Rows = append(t.Rows, []term.Cell{
				name, term.Text("disk"), term.Text(device), bytesCell(d.ReadBytes), bytesCell(d.WriteBytes),
				bytesCell(d.AllocatedBytes), bytesCell(d.CapacityBytes),
			})
		}
		for _, n := range s.NICs {
			t.Rows = append(t.Rows, []term.Cell{
				name, term.Text("network"), term.Text(n.Device), bytesCell(n.RxBytes), bytesCell(n.TxBytes), none, none,
			})
		}
	}
	return t
}
