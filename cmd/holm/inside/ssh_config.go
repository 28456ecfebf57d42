package inside

import (
	"context"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/views"
)

// exported is one instance as programs outside of holm reach it.
type exported struct {
	view    views.Instance
	alias   string
	target  sshTarget
	hostKey string // "ssh-ed25519 AAAA…"
}

// exportOptions say from where, and with which key.
type exportOptions struct {
	via string
	key keyOptions
}

func (o *exportOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.via, "via", "", "go through this host, as `[USER@]HOST[:PORT]`, with keys of your own")
	o.key.flags(cmd)
}

// jump is what may stand in ProxyJump; it is no option, and no list.
var jump = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9._-]*@)?([a-zA-Z0-9][a-zA-Z0-9.-]*|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$`)

func (o exportOptions) check() error {
	if o.via != "" && !jump.MatchString(o.via) {
		return fault.New(fault.Usage, "write for example: --via ops@host.example.org:22",
			"--via: %s is no host that ssh can go through", cli.Quoted(o.via))
	}
	return nil
}

func sshConfigCommand(a *app) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "ssh-config [NAME...]",
		Short: "Print a configuration with which any ssh reaches instances",
		Long: "Each instance is a Host called holm-NAME, or holm.TENANT.NAME, and its host key stands in\n" +
			"the configuration: nothing is trusted at first sight. With --via, a machine elsewhere reaches\n" +
			"them through this host, with keys of its own, which create --ssh-key gave to the instances.",
		Example: "  ssh host.example.org sudo holm ssh-config --via host.example.org >holm.conf\n  ssh -F holm.conf holm-web",
		GroupID: cli.GroupInside,
		Args:    cli.Names(0, -1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			hosts, err := exports(cmd.Context(), a, o, args)
			if err != nil {
				return err
			}
			return printSSHConfig(a, hosts, o)
		},
		ValidArgsFunction: a.CompleteInstances(0),
	}
	o.flags(cmd)
	cli.Ends(cmd, fault.NotFound, fault.Unfit)
	return cmd
}

// exports are the instances of those names, or all whose host key is known: of the tenant that was named, or of all.
func exports(ctx context.Context, a *app, o exportOptions, wanted []string) ([]exported, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.via != "" && o.key.identity == "" {
		o.key.own = true
	}
	p, err := a.Open(ctx)
	if err != nil {
		return nil, err
	}
	var views []views.Instance
	if len(wanted) > 0 {
		for _, name := range wanted {
			v, err := p.Instances.Show(ctx, a.Tenant(), name)
			if err != nil {
				return nil, err
			}
			views = append(views, v)
		}
	} else if views, err = everyView(ctx, a, p); err != nil {
		return nil, err
	}
	var all []exported
	for _, v := range views {
		if v.HostKey == "" {
			a.Say("left out: " + v.Name + ", which has never been ready")
			continue
		}
		e, err := export(a, v, o)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

func everyView(ctx context.Context, a *app, p Engine) ([]views.Instance, error) {
	rows, err := p.Instances.List(ctx, a.Settings.Tenant)
	if err != nil {
		return nil, err
	}
	var views []views.Instance
	for _, row := range rows {
		v, err := p.Instances.Show(ctx, row.Tenant, row.Name)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

// hostKeyForm is what a guest may have said that its key is.
var hostKeyForm = regexp.MustCompile(`^ssh-ed25519 [A-Za-z0-9+/]{1,200}={0,2}$`)

func export(a *app, v views.Instance, o exportOptions) (exported, error) {
	if !hostKeyForm.MatchString(v.HostKey) {
		return exported{}, fault.New(fault.Failure, "", "the record of %s holds the host key %s, which is none", v.Name, cli.Quoted(v.HostKey))
	}
	t, err := o.key.apply(targetOf(a, v))
	if err != nil {
		return exported{}, err
	}
	if !t.Own && len(v.AuthorizedKeys) == 0 {
		a.Say(v.Name + " was given no key of yours: add it to ~/.ssh/authorized_keys there, or give it to create with --ssh-key")
	}
	return exported{view: v, alias: aliasOf(v.Tenant, v.Name), target: t, hostKey: v.HostKey}, t.check()
}

// settings are those of ssh. The host key comes by a command that prints it, so that one file holds everything, wherever
// it is copied to.
func (e exported) settings(o exportOptions) []string {
	all := []string{
		"HostName " + e.target.Address.String(), "User " + e.target.User, "HostKeyAlias " + e.target.ID,
		"knownHostsCommand /bin/echo " + e.target.ID + " " + e.hostKey,
		"UserKnownHostsFile /dev/null", "GlobalKnownHostsFile /dev/null", "StrictHostKeyChecking yes", "UpdateHostKeys no",
		"PreferredAuthentications publickey", "ForwardAgent no", "ServerAliveInterval 15", "ServerAliveCountMax 3",
	}
	if o.via != "" {
		all = append(all, "ProxyJump "+o.via)
	}
	for _, setting := range e.target.identity() {
		all = append(all, strings.Replace(setting, "=", " ", 1))
	}
	return all
}

func printSSHConfig(a *app, hosts []exported, o exportOptions) error {
	list := v1.SSHHostList{Hosts: []v1.SSHHost{}}
	var aliases, blocks []string
	for _, e := range hosts {
		block := "Host " + e.alias + "\n    " + strings.Join(e.settings(o), "\n    ") + "\n"
		list.Hosts = append(list.Hosts, v1.SSHHost{
			Name: e.view.Name, Tenant: e.view.Tenant, Host: e.alias, KnownHosts: e.target.ID + " " + e.hostKey, SSHConfig: block,
		})
		aliases, blocks = append(aliases, e.alias), append(blocks, block)
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: list, People: verbatim(strings.Join(blocks, "\n")), Names: aliases})
}
