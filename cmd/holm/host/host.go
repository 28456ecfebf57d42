package host

import (
	"cmp"
	"context"
	"io"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/environment"
	"holm/provisioner/hosts"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/uids"
)

func hostCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "host VERB",
		Short:   "Show and change what is set for this host",
		Example: "  sudo holm host show",
		GroupID: cli.GroupHost,
	}
	cli.Group(cmd)
	cmd.AddCommand(hostShowCommand(a), hostSetCommand(a))
	return cmd
}

func hostShowCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show what is set for this host",
		Example: "  sudo holm host show",
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			host, err := a.Set().Show(cmd.Context())
			if err != nil {
				return err
			}
			return printHost(a, host)
		},
	}
	cli.Ends(cmd, fault.Busy)
	return cmd
}

// setOptions are the flags of "host set".
type setOptions struct {
	change         hosts.Change
	lab            cli.SwitchFlag
	pool, metadata string
	world          cli.EnvironmentFlags
	dryRun         bool
}

// read takes over what was given.
func (o *setOptions) read(given func(flag string) bool, in io.Reader) (err error) {
	for flag, one := range map[string]struct {
		from *string
		to   **string
	}{"pool": {&o.pool, &o.change.Pool}, "metadata-addresses": {&o.metadata, &o.change.Metadata}} {
		if given(flag) {
			*one.to = one.from
		}
	}
	if o.lab.Given {
		o.change.LabMode = &o.lab.On
	}
	o.change.Environment, err = o.world.Change(given, in)
	return err
}

func hostSetCommand(a *app) *cobra.Command {
	var o setOptions
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Change what is set for this host",
		Long: "Lab mode allows instances without KVM. Emulation is no isolation boundary: never for tenants.\n" +
			"Another network is needed where the default subnet collides with one of the host's, and for\n" +
			"a second state directory on the same libvirt. It can be changed while there are no instances, to one of\n" +
			"which no tenant has a part.\n" +
			"What is set of names, certificates, proxies and time holds for instances from their next start on; their\n" +
			"tenant's (holm tenant set) and their own (holm set) come before it.",
		Example: "  sudo holm host set --lab-mode off\n  sudo holm host set --network holm-b --subnet 10.78.0.0/24\n" +
			"  sudo holm host set --nameserver 192.0.2.53 --proxy http://192.0.2.80:3128\n" +
			"  sudo holm host set --metadata-addresses 192.0.2.254,2001:db8:fe::/48",
		Args: cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.read(cmd.Flags().Changed, a.Streams.In); err != nil {
				return err
			}
			if o.change.Empty() {
				return fault.New(fault.Usage, "see what can be set: holm host set --help", "nothing to set was named")
			}
			return setHost(cmd.Context(), a, o)
		},
	}
	cmd.Flags().Var(&o.lab, "lab-mode", "allow emulation: `on|off`")
	cmd.Flags().StringVar(&o.change.Network, "network", "", "`NAME` of the libvirt network and of its bridge")
	cmd.Flags().StringVar(&o.change.Subnet, "subnet", "", "the network's addresses, such as `10.78.0.0/24`")
	cmd.Flags().StringVar(&o.change.AddressPool, "address-pool", "", "what tenants' subnets are cut from, such as `10.200.0.0/16`")
	cmd.Flags().StringVar(&o.metadata, "metadata-addresses", "",
		"`ADDRESSES` at which this cloud hands out credentials, besides those that holm knows; \"\" is none")
	cmd.Flags().StringVar(&o.change.Users, "users", "", "what tenants' users are taken from, `FIRST-LAST`; who has one keeps it")
	cmd.Flags().StringVar(&o.pool, "pool", "", "`NAME` of the pool that is used when nobody says where; \"\" is the state directory")
	cmd.Flags().StringVar(&o.change.Site, "site", "", "`NAME` of the place where this machine stands, such as NO-OSL1")
	cmd.Flags().StringVar(&o.change.Jurisdiction, "jurisdiction", "", "two letters of the `COUNTRY` whose law holds there, such as NO")
	memoryFlags(cmd, &o.change)
	_ = cmd.RegisterFlagCompletionFunc("pool", a.CompletePools(0))
	o.world.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print what would be set and change nothing")
	cli.Ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}

func setHost(ctx context.Context, a *app, o setOptions) error {
	set := a.Set().Set
	if o.dryRun {
		set = a.Set().Plan
	}
	host, err := set(ctx, o.change)
	if err != nil {
		return err
	}
	if o.change.LabMode != nil && *o.change.LabMode {
		a.Say("lab mode: instances may run in emulation, which is no isolation boundary")
	}
	return printHost(a, host)
}

func printHost(a *app, host model.Host) error {
	var f term.Fields
	lab := term.Text("off")
	if host.LabMode {
		lab = term.Cell{Text: "on", Tone: term.Attention}
	}
	f.Add("lab-mode", lab)
	where, err := a.Network(host)
	if err != nil {
		return err
	}
	f.Add("network", term.Text(where.Name))
	f.Add("subnet", term.Text(where.Subnet.String()))
	f.Add("address-pool", term.Text(network.PoolOf(host.AddressPool).String()))
	f.Add("metadata-addresses", term.Text(host.Metadata))
	f.Add("users", term.Text(cmp.Or(host.Users, uids.Default)))
	f.Add("pool", term.Text(host.Pool))
	addMemory(&f, host)
	f.Add("site", term.Text(host.Site))
	f.Add("jurisdiction", term.Text(host.Jurisdiction))
	told := environment.Merge(model.Environment{}, model.Environment{}, host.Environment, a.Resolver(), true).Shown()
	cli.EnvironmentFields(&f, told)
	host.Environment = host.Environment.Shown()
	return a.Streams.Print(a.Settings.Output, term.Result{Document: encode.Host(host, told), People: f})
}
