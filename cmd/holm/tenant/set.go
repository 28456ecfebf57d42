package tenant

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/tenants"
)

// tenantOptions are what can be set of a tenant.
type tenantOptions struct {
	change   tenants.Change
	keys     []string
	internal bool
	world    cli.EnvironmentFlags
}

func (o *tenantOptions) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&cli.QuotaFlag{Into: &o.change.Instances}, "instances", "at most `N` instances; 0 is no limit")
	flags.Var(&cli.QuotaFlag{Into: &o.change.CPUs}, "cpus", "at most `N` vCPUs together; 0 is no limit")
	flags.Var(&cli.QuotaFlag{Into: &o.change.MemoryMiB, Unit: cli.Mebibyte}, "memory",
		"at most this `SIZE` of memory together, such as 16G; 0 is no limit")
	flags.Var(&cli.QuotaFlag{Into: &o.change.DiskGiB, Unit: cli.Gibibyte}, "disk",
		"at most this `SIZE` of disk together, such as 200G; 0 is no limit")
	flags.Var(&ruleFlag{into: &o.change.Residency}, "residency",
		"where its data may lie, as a `LIST` of countries, EU, EEA; \"\" is everywhere")
	flags.Var(&ruleFlag{into: &o.change.Subnet}, "subnet", "`CIDR` of its network, such as 10.5.0.0/24; a free one when not given")
	flags.Var(&ruleFlag{into: &o.change.Egress}, "egress", "whom its instances may speak to outside: allow, deny, or a `LIST` of networks")
	flags.BoolVar(&o.internal, "internal-traffic", false, "its instances may speak to each other")
	o.world.Flags(flags)
	flags.StringArrayVar(&o.keys, "ssh-key", nil, "`FILE` of public keys that may log in to each of its instances; can be repeated")
}

// filled reads the keys, certificates and proxies that were named.
func (o *tenantOptions) filled(given func(flag string) bool, in io.Reader) (c tenants.Change, err error) {
	if o.change.Environment, err = o.world.Change(given, in); err != nil {
		return o.change, err
	}
	if given("internal-traffic") {
		o.change.Internal = &o.internal
	}
	for _, file := range o.keys {
		keys, err := cli.ReadPublicKeys(file)
		if err != nil {
			return o.change, err
		}
		o.change.AuthorizedKeys = append(o.change.AuthorizedKeys, keys...)
	}
	return o.change, nil
}

func createCommand(a *app) *cobra.Command {
	var o tenantOptions
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Make a tenant, with as much as it may have",
		Example: "  sudo holm tenant create acme --instances 5 --cpus 8 --memory 16G --disk 200G",
		Args:    cli.Names(1, 1, "a name for the tenant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tenantChange(a, cmd, args[0], o, func(p Engine) changeTenant { return p.Tenants.Add })
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.flags(cmd)
	cli.Ends(cmd, fault.Exists, fault.Busy, fault.Refused)
	return cmd
}

func setCommand(a *app) *cobra.Command {
	var o tenantOptions
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Change what a tenant may have; not below what it has",
		Example: "  sudo holm tenant set acme --instances 10\n  sudo holm tenant set acme --nameserver 192.0.2.53 " +
			"--registry-mirror https://mirror.example",
		Args: cli.Names(1, 1, "the name of a tenant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().NFlag() == 0 {
				return fault.New(fault.Usage, "see what can be set: holm tenant set --help", "nothing to set was named")
			}
			return tenantChange(a, cmd, args[0], o, func(p Engine) changeTenant { return p.Tenants.Set })
		},
		ValidArgsFunction: a.CompleteTenants(1),
	}
	o.flags(cmd)
	cli.Ends(cmd, fault.NotFound, fault.Busy, fault.Refused)
	return cmd
}

// changeTenant makes a tenant, or changes one.
type changeTenant func(ctx context.Context, name string, c tenants.Change) (tenants.View, error)

func tenantChange(a *app, cmd *cobra.Command, name string, o tenantOptions,
	of func(p Engine) changeTenant,
) error {
	change, err := o.filled(cmd.Flags().Changed, a.Streams.In)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	v, err := of(p)(ctx, name, change)
	if err != nil {
		return err
	}
	return a.Streams.Print(a.Settings.Output, tenantResult(a, v))
}

// ruleFlag is a text that may be empty, and is then something else than not given.
type ruleFlag struct{ into **string }

func (f *ruleFlag) Type() string   { return "rule" }
func (f *ruleFlag) String() string { return "" }
func (f *ruleFlag) Set(text string) error {
	*f.into = &text
	return nil
}
