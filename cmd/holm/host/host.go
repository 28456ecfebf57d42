package host

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/environment"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/pools"
	"holm/provisioner/residency"
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
			store, err := a.Store()
			if err != nil {
				return err
			}
			host, err := store.Host(cmd.Context())
			if err != nil {
				return err
			}
			return printHost(a, host)
		},
	}
	cli.Ends(cmd, fault.Busy)
	return cmd
}

// hostChange is what "host set" was told to set.
type hostChange struct {
	lab             cli.SwitchFlag
	network, subnet string
	pool            string
	poolSet         bool
	site, country   string
	addresses       string
	users           string
	memory          memoryChange
	metadata        *string
	world           cli.EnvironmentFlags
	told            environment.Change
	dryRun          bool
}

// nothing tells whether nothing was named.
func (c hostChange) nothing() bool {
	return !c.lab.Given && c.network == "" && c.subnet == "" && !c.poolSet && c.site == "" && c.country == "" &&
		c.addresses == "" && c.users == "" &&
		c.memory == (memoryChange{}) && c.metadata == nil && c.told.Empty()
}

func hostSetCommand(a *app) *cobra.Command {
	var c hostChange
	var metadata string
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
			c.poolSet = cmd.Flags().Changed("pool")
			var err error
			if c.told, err = c.world.Change(cmd.Flags().Changed, a.Streams.In); err != nil {
				return err
			}
			if cmd.Flags().Changed("metadata-addresses") {
				c.metadata = &metadata
			}
			if c.nothing() {
				return fault.New(fault.Usage, "see what can be set: holm host set --help", "nothing to set was named")
			}
			if (c.network == "") != (c.subnet == "") {
				return fault.New(fault.Usage, "write for example: holm host set --network holm-b --subnet 10.78.0.0/24",
					"--network and --subnet belong together")
			}
			return setHost(cmd.Context(), a, c)
		},
	}
	cmd.Flags().Var(&c.lab, "lab-mode", "allow emulation: `on|off`")
	cmd.Flags().StringVar(&c.network, "network", "", "`NAME` of the libvirt network and of its bridge")
	cmd.Flags().StringVar(&c.subnet, "subnet", "", "the network's addresses, such as `10.78.0.0/24`")
	cmd.Flags().StringVar(&c.addresses, "address-pool", "", "what tenants' subnets are cut from, such as `10.200.0.0/16`")
	cmd.Flags().StringVar(&metadata, "metadata-addresses", "",
		"`ADDRESSES` at which this cloud hands out credentials, besides those that holm knows; \"\" is none")
	cmd.Flags().StringVar(&c.users, "users", "", "what tenants' users are taken from, `FIRST-LAST`; who has one keeps it")
	cmd.Flags().StringVar(&c.pool, "pool", "", "`NAME` of the pool that is used when nobody says where; \"\" is the state directory")
	cmd.Flags().StringVar(&c.site, "site", "", "`NAME` of the place where this machine stands, such as NO-OSL1")
	cmd.Flags().StringVar(&c.country, "jurisdiction", "", "two letters of the `COUNTRY` whose law holds there, such as NO")
	c.memory.flags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("pool", a.CompletePools(0))
	c.world.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "print what would be set and change nothing")
	cli.Ends(cmd, fault.NotFound, fault.Busy)
	return cmd
}

func setHost(ctx context.Context, a *app, c hostChange) error {
	store, err := a.Store()
	if err != nil {
		return err
	}
	rules, err := c.rules()
	if err != nil {
		return err
	}
	if err := errors.Join(c.place(), c.memory.check()); err != nil {
		return err
	}
	if c.addresses != "" {
		if _, err := network.ParsePool(c.addresses); err != nil {
			return err
		}
	}
	if c.metadata != nil {
		if _, err := network.ParseMetadata(*c.metadata); err != nil {
			return err
		}
	}
	if c.users != "" {
		if err := freeUsers(a, c.users); err != nil {
			return err
		}
	}
	host, err := c.set(ctx, store, rules)
	if err != nil {
		return err
	}
	if c.metadata != nil && !c.dryRun {
		if err := keepNewWalls(ctx, a); err != nil {
			return err
		}
	}
	if c.lab.Given && c.lab.On {
		a.Say("lab mode: instances may run in emulation, which is no isolation boundary")
	}
	return printHost(a, host)
}

// set makes the change if the rules allow it; in a dry run, it says what would come of that.
func (c hostChange) set(ctx context.Context, store Store, rules []model.Rule) (model.Host, error) {
	if !c.dryRun {
		return store.SetHost(ctx, c.apply, rules...)
	}
	around, err := store.Around(ctx)
	if err != nil {
		return model.Host{}, err
	}
	for _, rule := range rules {
		if err := rule(around); err != nil {
			return model.Host{}, err
		}
	}
	return around.Host, c.apply(&around.Host)
}

// keepNewWalls has the networks of instances go by what was set just now.
func keepNewWalls(ctx context.Context, a *app) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	rebuilt, err := p.Networks.KeepWalls(ctx)
	for _, r := range rebuilt {
		err = errors.Join(err, r.Err)
	}
	return err
}

func (c hostChange) apply(h *model.Host) error {
	if c.metadata != nil {
		h.Metadata = *c.metadata
	}
	if c.lab.Given {
		h.LabMode = c.lab.On
	}
	if c.network != "" {
		h.Network, h.Subnet = c.network, c.subnet
	}
	if c.poolSet {
		h.Pool = c.pool
	}
	h.AddressPool, h.Users = cmp.Or(c.addresses, h.AddressPool), cmp.Or(c.users, h.Users)
	c.memory.apply(h)
	h.Site, h.Jurisdiction = cmp.Or(c.site, h.Site), cmp.Or(c.country, h.Jurisdiction)
	return c.told.Apply(&h.Environment)
}

// place refuses a site and a jurisdiction that there are not.
func (c hostChange) place() error {
	if c.site != "" {
		if _, err := residency.ParseSite(c.site); err != nil {
			return err
		}
	}
	if c.country == "" {
		return nil
	}
	_, err := residency.ParseJurisdiction(c.country)
	return err
}

// rules are what has to be so of all that is on record when the change is made. It refuses a network that libvirt could not make.
func (c hostChange) rules() (rules []model.Rule, err error) {
	if c.network != "" {
		n, err := network.Named(c.network, c.subnet)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(network.RefuseTenants(n.Name), network.RefuseInner(n.Subnet)); err != nil {
			return nil, err
		}
		rules = append(rules, networks.MayHaveNetwork(n))
	}
	if c.pool != "" {
		rules = append(rules, pools.MayHavePool(c.pool))
	}
	return rules, nil
}

// freeUsers refuses users that somebody else on this host has.
func freeUsers(a *app, text string) error {
	r, err := uids.ParseRange(text)
	if err != nil {
		return err
	}
	others, err := a.OtherUsers()
	if err != nil {
		return err
	}
	return r.Clash(others)
}

// hostDocument is what is set for the host, and what instances are told that say nothing themselves.
type hostDocument struct {
	model.Host
	InForce environment.InForce `json:"in_force"`
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
	f.Add("address-pool", term.Text(cmp.Or(host.AddressPool, network.DefaultPool)))
	f.Add("metadata-addresses", term.Text(host.Metadata))
	f.Add("users", term.Text(cmp.Or(host.Users, uids.Default)))
	f.Add("pool", term.Text(host.Pool))
	addMemory(&f, host)
	f.Add("site", term.Text(host.Site))
	f.Add("jurisdiction", term.Text(host.Jurisdiction))
	told := environment.Merge(model.Environment{}, model.Environment{}, host.Environment, a.Resolver(), true).Shown()
	cli.EnvironmentFields(&f, told)
	host.Environment = host.Environment.Shown()
	return a.Streams.Print(a.Settings.Output, term.Result{Document: hostDocument{host, told}, People: f})
}
