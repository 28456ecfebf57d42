package tenant

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/term"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
)

func tenantCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tenant VERB",
		Short: "Say whom instances belong to, and how much each may have",
		Long: "A quota is counted when an instance is made or grows, also while others are; stopped instances count.\n" +
			"The tenant \"default\" is always there.",
		Example: "  sudo holm tenant create acme --instances 5 --cpus 8 --memory 16G --disk 200G\n  sudo holm create web --tenant acme",
		GroupID: cli.GroupHost,
	}
	cli.Group(cmd)
	cmd.AddCommand(createCommand(a), lsCommand(a), showCommand(a), setCommand(a), rotateCommand(a),
		rmCommand(a))
	return cmd
}

func tenantsResult(all []tenants.View) term.Result {
	list := make([]string, len(all))
	t := term.Table{Columns: []term.Column{
		{Title: "NAME", Min: 8},
		{Title: "INSTANCES", Right: true},
		{Title: "CPUS", Right: true},
		{Title: "MEMORY", Right: true},
		{Title: "DISK", Right: true},
	}}
	for i, v := range all {
		list[i] = v.Name
		row := []term.Cell{term.Text(v.Name)}
		for _, part := range shares(v) {
			row = append(row, part.cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return term.Result{Document: encode.TenantList(all), People: t, Names: list}
}

// part is one thing of which a tenant has some, and perhaps may not have more.
type part struct {
	name string
	cell term.Cell
}

func shares(v tenants.View) []part {
	count := func(n int) string { return cli.Decimal(n) }
	size := func(unit int64) func(int) string {
		return func(n int) string { return cli.BytesCell(unit * int64(n)).Text }
	}
	var all []part
	for _, one := range []struct {
		name        string
		used, quota int
		text        func(int) string
	}{
		{"instances", v.Used.Instances, v.Quota.Instances, count},
		{"cpus", v.Used.CPUs, v.Quota.CPUs, count},
		{"memory", v.Used.MemoryMiB, v.Quota.MemoryMiB, size(cli.Mebibyte)},
		{"disk", v.Used.DiskGiB, v.Quota.DiskGiB, size(cli.Gibibyte)},
	} {
		cell := term.Cell{Text: one.text(one.used), Pipe: cli.Decimal(one.used)}
		if one.quota > 0 {
			cell.Text += " of " + one.text(one.quota)
			cell.Pipe += "/" + cli.Decimal(one.quota)
			if one.used >= one.quota {
				cell.Tone = term.Attention
			}
		}
		all = append(all, part{one.name, cell})
	}
	return all
}

func tenantResult(a *app, v tenants.View) term.Result {
	var f term.Fields
	f.Add("name", term.Text(v.Name))
	for _, one := range shares(v) {
		f.Add(one.name, one.cell)
	}
	if v.UID != 0 {
		f.Add("user", term.Text(cli.Decimal(v.UID)))
	}
	f.Add("residency", term.Text(strings.Join(v.Residency, ", ")))
	if n := v.Network; n != nil {
		f.Add("subnet", term.Text(model.Text(n.Subnet)))
		f.Add("subnet6", term.Text(model.Text(n.Subnet6)))
		f.Add("egress", term.Text(cmp.Or(n.Egress, "allow")))
		inside := "no"
		if n.Internal {
			inside = "yes"
		}
		f.Add("internal traffic", term.Text(inside))
	}
	cli.EnvironmentFields(&f, v.InForce)
	for _, key := range v.AuthorizedKeys {
		f.Add("ssh key", term.Text(key))
	}
	if !v.Created.IsZero() {
		f.Add("created", a.AgeCell(v.Created))
	}
	return term.Result{Document: encode.Tenant(v), People: f, Names: []string{v.Name}}
}
