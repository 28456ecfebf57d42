package inside

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/model"
)

// inventory is what Ansible's inventory scripts print: groups by name, and the variables of every host beside them.
type inventory map[string]any

type inventoryGroup struct {
	Hosts    []string `json:"hosts,omitempty"`
	Children []string `json:"children,omitempty"`
}

// hostVars are what Ansible, and its plays, know of an instance.
type hostVars struct {
	Host        string `json:"ansible_host"`
	User        string `json:"ansible_user"`
	Identity    string `json:"ansible_ssh_private_key_file,omitempty"`
	CommonArgs  string `json:"ansible_ssh_common_args"`
	Interpreter string `json:"ansible_python_interpreter"`

	ID      string `json:"holm_id"`
	Name    string `json:"holm_name"`
	Tenant  string `json:"holm_tenant"`
	Profile string `json:"holm_profile"`
	Flavor  string `json:"holm_flavor"`
	Status  string `json:"holm_status"`
	Address string `json:"holm_address"`
}

func inventoryCommand(a *app) *cobra.Command {
	var o exportOptions
	var list bool
	var host string
	cmd := &cobra.Command{
		Use:   "inventory",
		Short: "Print the instances as an inventory of Ansible's",
		Long: "Groups are tenant_NAME, profile_NAME and flavor_NAME; hosts are called as in ssh-config. Ansible\n" +
			"takes a script of two lines for an inventory, which it calls with --list and with --host:\n" +
			"  #!/bin/sh\n  exec sudo holm inventory --own-keys \"$@\"",
		Example: "  sudo holm inventory --host holm-web\n  ansible -i holm.sh profile_docker -m ping   # holm.sh as above",
		GroupID: cli.GroupInside,
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			hosts, err := exports(cmd.Context(), a, o, nil)
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(a.Streams.Out)
			encoder.SetIndent("", "  ")
			if host == "" {
				return encoder.Encode(newInventory(hosts, o))
			}
			i := slices.IndexFunc(hosts, func(e exported) bool { return e.alias == host })
			if i < 0 {
				return fault.New(fault.NotFound, "see the hosts: "+a.Command("inventory"), "there is no host %s", cli.Quoted(host))
			}
			return encoder.Encode(hosts[i].vars(o))
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&list, "list", false, "print all of it, which is what happens anyway")
	cmd.Flags().StringVar(&host, "host", "", "print the variables of the host of that `NAME` alone")
	o.flags(cmd)
	cli.Ends(cmd, fault.NotFound, fault.Unfit)
	return cmd
}

func newInventory(hosts []exported, o exportOptions) inventory {
	vars := map[string]hostVars{}
	groups := map[string][]string{}
	for _, e := range hosts {
		vars[e.alias] = e.vars(o)
		for _, group := range []string{
			groupName("tenant", e.view.Tenant), groupName("profile", e.view.Profile), groupName("flavor", e.view.Flavor.Name),
		} {
			groups[group] = append(groups[group], e.alias)
		}
	}
	all := inventory{
		"_meta": map[string]any{"hostvars": vars},
		"all":   inventoryGroup{Hosts: slices.Sorted(maps.Keys(vars)), Children: slices.Sorted(maps.Keys(groups))},
	}
	for name, members := range groups {
		all[name] = inventoryGroup{Hosts: members}
	}
	return all
}

// groupName is a word that Ansible takes for a group without a warning: letters, digits and underscores. Names of holm's
// have no underscore, so no two become the same.
func groupName(kind, name string) string {
	return kind + "_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

// vars leave out what Ansible has variables of its own for. What it splits like a shell is quoted like for one.
func (e exported) vars(o exportOptions) hostVars {
	var args []string
	for _, setting := range e.settings(o) {
		keyword, _, _ := strings.Cut(setting, " ")
		if keyword == "HostName" || keyword == "User" || keyword == "IdentityFile" {
			continue
		}
		args = append(args, "-o", cli.ShellWord(setting))
	}
	return hostVars{
		Host: e.target.Address.String(), User: e.target.User, Identity: e.target.Identity, CommonArgs: strings.Join(args, " "),
		Interpreter: "/usr/bin/python3",
		ID:          e.view.ID, Name: e.view.Name, Tenant: e.view.Tenant, Profile: e.view.Profile, Flavor: e.view.Flavor.Name,
		Status: e.view.Status, Address: model.Text(e.view.Address),
	}
}
