package instance

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/instances"
	"holm/provisioner/model"
)

func exposeCommand(a *app) *cobra.Command {
	var back bool
	cmd := &cobra.Command{
		Use:   "expose [NAME [HOST:GUEST...]]",
		Short: "Publish ports of an instance at the host, or list what is published",
		Long: "Whoever reaches the host at port HOST then reaches the instance at port GUEST, until it is taken back\n" +
			"or the instance is removed; also after a reboot. The instance's own firewall lets that port in.\n\n" +
			"That is the world, by IPv4 and IPv6; the host itself, at 127.0.0.1 too, but not at ::1, from which\n" +
			"the kernel sends nothing; other tenants' instances, like the world, as far as their egress goes; and\n" +
			"by an address of the host's, the instance itself and the siblings that may speak to it. What the\n" +
			"world sees of the port is the host's, what the instance sees is the address of who came, or the\n" +
			"gateway's when it came from 127.0.0.1 or from inside. --rm also ends the connections that go on.",
		Example: "  sudo holm expose web 443:8443 53:5353/udp\n  sudo holm expose web 443 --rm\n  sudo holm expose",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(0, maxPorts, "the name of an instance, and ports as HOST:GUEST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if back && len(args) < 2 {
				return fault.New(fault.Usage, "write for example: holm expose web 443 --rm", "--rm needs an instance and a port")
			}
			return expose(cmd.Context(), a, args, back)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cmd.Flags().BoolVar(&back, "rm", false, "take these ports back")
	cli.Ends(cmd, fault.Exists, fault.NotFound, fault.Unfit, fault.Busy, fault.Refused)
	return cmd
}

// maxPorts bounds the arguments of one command.
const maxPorts = 64

func expose(ctx context.Context, a *app, args []string, back bool) error {
	var ports []model.Port
	for _, text := range args[min(1, len(args)):] {
		port, err := model.ParsePort(text)
		if err != nil {
			return err
		}
		ports = append(ports, port)
	}
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	if len(ports) > 0 {
		change := p.Change.Expose
		if back {
			change = p.Change.Unexpose
		}
		inst, err := change(ctx, a.Tenant(), args[0], ports, nil)
		if err != nil {
			return err
		}
		if inst.State != model.Ready && !back {
			a.Say("instance " + inst.Name + " is " + string(inst.State) + ": its ports answer once it is ready")
		}
	}
	tenant, name := "", ""
	if len(args) > 0 {
		tenant, name = a.Tenant(), args[0]
	}
	all, err := p.Look.Exposures(ctx, tenant, name)
	if err != nil {
		return err
	}
	return a.Streams.Print(a.Settings.Output, exposuresResult(all))
}

func exposuresResult(all []instances.Exposure) term.Result {
	r := term.Result{Document: encode.ExposureList(all)}
	t := term.Table{Columns: []term.Column{
		{Title: "PORT"}, {Title: "TENANT"}, {Title: "INSTANCE", Min: 8}, {Title: "TO"}, {Title: "STATE"},
	}}
	for _, e := range all {
		port := strconv.Itoa(int(e.Host)) + "/" + e.Protocol
		r.Names = append(r.Names, port)
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(port), term.Text(e.Tenant), term.Text(e.Name),
			term.Text(model.Text(e.Address) + ":" + strconv.Itoa(int(e.Guest))), term.Text(string(e.State)),
		})
	}
	r.People = t
	return r
}
