package instance

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
)

func statsCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "stats [NAME...]",
		Short:   "Show what instances use of CPU, memory, disk and network",
		Long:    "Without a name: all instances of the tenant that run. Counters begin with the start of the instance.",
		Example: "  sudo holm stats\n  sudo holm stats web -o json",
		GroupID: cli.GroupInstances,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return stats(cmd.Context(), a, args)
		},
		ValidArgsFunction: a.CompleteInstances(0),
	}
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func stats(ctx context.Context, a *app, list []string) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if list, err = runningNames(ctx, p, a.Tenant()); err != nil {
			return err
		}
	}
	doc := v1.InstanceStatsList{Instances: []v1.InstanceStats{}}
	var read []string
	err = cli.Each(ctx, list, func(name string) error {
		s, err := p.Look.Stats(ctx, a.Tenant(), name)
		if err == nil {
			doc.Instances = append(doc.Instances, v1.InstanceStats{Name: name, Tenant: a.Tenant(), Stats: encode.Stats(s)})
			read = append(read, name)
		}
		return err
	})
	if len(read) > 0 || err == nil {
		result := term.Result{Document: doc, People: usageTable(doc.Instances), Names: read}
		if perr := a.Streams.Print(a.Settings.Output, result); perr != nil {
			return perr
		}
	}
	return err
}

func runningNames(ctx context.Context, p Engine, tenant string) ([]string, error) {
	rows, err := p.Look.List(ctx, tenant)
	var list []string
	for _, row := range rows {
		if row.Status == "ready" || row.Status == "booting" {
			list = append(list, row.Name)
		}
	}
	return list, err
}

// usageTable has one line for each resource of each instance. What a resource has no such thing as is "-".
func usageTable(all []v1.InstanceStats) term.Table {
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
				{Text: term.Elapsed(spent), Pipe: cli.Decimal(s.CPUTimeNS)},
				{Text: cli.Count(s.VCPUs, "vCPU"), Pipe: cli.Decimal(s.VCPUs)},
			},
			[]term.Cell{name, term.Text("memory"), none, none, none, cli.BytesCell(s.RSSBytes), cli.BytesCell(s.MemoryBytes)})
		for _, d := range s.Disks {
			device := d.Target
			if d.ReadOnly {
				device += " read-only"
			}
			t.Rows = append(t.Rows, []term.Cell{
				name, term.Text("disk"), term.Text(device), cli.BytesCell(d.ReadBytes), cli.BytesCell(d.WriteBytes),
				cli.BytesCell(d.AllocatedBytes), cli.BytesCell(d.CapacityBytes),
			})
		}
		for _, n := range s.NICs {
			t.Rows = append(t.Rows, []term.Cell{
				name, term.Text("network"), term.Text(n.Device), cli.BytesCell(n.RxBytes), cli.BytesCell(n.TxBytes), none, none,
			})
		}
	}
	return t
}
