package inside

import (
	"context"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/guest/k3sapi"
	"holm/guest/probe"
	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/model"
)

// k3sPort is where an instance of the k3s profile serves the Kubernetes API.
const k3sPort = "6443"

// kubeconfigOptions say where the kubeconfig goes, and from where it is used.
type kubeconfigOptions struct {
	file, server string
}

func kubeconfigCommand(a *app) *cobra.Command {
	var o kubeconfigOptions
	cmd := &cobra.Command{
		Use:   "kubeconfig NAME",
		Short: "Print a kubeconfig for an instance of the k3s profile",
		Long: "It makes an administrator of the cluster of whoever reads it. Cluster, user and context are\n" +
			"called holm-NAME, or holm.TENANT.NAME. From another machine the API is reached by a port of this\n" +
			"host's, under a name that create --api-name has put into its certificate.",
		Example: "  sudo holm kubeconfig kube --file kube.kubeconfig\n  kubectl --kubeconfig kube.kubeconfig get pods -A\n" +
			"  sudo holm expose kube 6443; sudo holm kubeconfig kube --server https://kube.example.org:6443",
		GroupID: cli.GroupInside,
		Args:    cli.Names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return kubeconfig(cmd.Context(), a, args[0], o)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cmd.Flags().StringVar(&o.file, "file", "", "write it to `FILE` (0600) and not to stdout")
	cmd.Flags().StringVar(&o.server, "server", "", "`URL` at which the API is reached, instead of the instance's own address")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func kubeconfig(ctx context.Context, a *app, name string, o kubeconfigOptions) error {
	outside, err := o.outside()
	if err != nil {
		return err
	}
	_, v, err := running(ctx, a, name)
	switch {
	case err != nil:
		return err
	case v.Profile != probe.K3s:
		return fault.New(fault.Failure, "make one of that profile: "+a.Command("create", "NAME", "--profile", probe.K3s),
			"instance %q has the profile %s: only %s has a kubeconfig", name, v.Profile, probe.K3s)
	case v.Status != string(model.Ready):
		return fault.New(fault.Failure, "run: "+a.Command("wait", name), "instance %q is not ready (%s)", name, v.Status)
	}
	t, err := reach(ctx, a, name)
	if err != nil {
		return err
	}
	data, err := readAsRoot(ctx, a, t, k3sapi.Kubeconfig, k3sapi.MaxKubeconfig)
	if err != nil {
		return err
	}
	server := outside
	if server == "" {
		server = "https://" + net.JoinHostPort(v.Address.String(), k3sPort)
	} else if host := hostOf(server); !slices.Contains(append(v.APINames, v.Address.String(), v.Name), host) {
		a.Say("its certificate is not valid for " + host + ": make the instance with --api-name " + host)
	}
	config, err := outsideKubeconfig(data, aliasOf(v.Tenant, v.Name), server)
	if err != nil {
		return fault.New(fault.Failure, "look at it: "+a.Command("exec", name, "--", "sudo", "ls", "-l", k3sapi.Kubeconfig),
			"instance %q has no kubeconfig that can be used: %w", name, err)
	}
	if o.file == "" {
		_, err = a.Streams.Out.Write(config)
		return err
	}
	who, err := invoker(a, filepath.Dir(o.file))
	if err == nil {
		err = who.do(func() error { return atomicfile.WriteBytes(o.file, 0o600, config) })
	}
	if err != nil {
		return fault.New(fault.Failure, "name a file in a folder of yours that is there: --file FILE", "--file: %w", err)
	}
	a.Say("wrote " + o.file)
	return nil
}

// outside is the server that was asked for, in its plain form; "" is the instance itself.
func (o kubeconfigOptions) outside() (string, error) {
	if o.server == "" {
		return "", nil
	}
	u, err := url.Parse(o.server)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		strings.Trim(u.Path, "/") != "" {
		return "", fault.New(fault.Usage, "write for example: --server https://kube.example.org:6443",
			"--server: %s is no address of an API", cli.Quoted(o.server))
	}
	port := u.Port()
	if port == "" {
		port = k3sPort
	}
	return "https://" + net.JoinHostPort(u.Hostname(), port), nil
}

func hostOf(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// outsideKubeconfig makes of k3s's own kubeconfig one that works outside the instance. The guest decides what it holds,
// so nothing but certificates and key is taken from it, and where they are used is for the record to say.
func outsideKubeconfig(inside []byte, alias, server string) ([]byte, error) {
	access, err := k3sapi.ParseKubeconfig(inside)
	if err != nil {
		return nil, err
	}
	access.Server = server
	return access.Kubeconfig(alias)
}

// readAsRoot reads a file in the instance that is root's alone, at most limit bytes of it.
func readAsRoot(ctx context.Context, a *app, t sshTarget, path string, limit int) ([]byte, error) {
	// What the guest says on its way is not for the terminal.
	content, said := &limited{left: limit}, &limited{left: cli.MaxQuoted}
	err := runIn(ctx, a, t, execOptions{noStdin: true}, []string{"sudo", "-n", "cat", "--", path},
		term.New(strings.NewReader(""), content, said))
	status, failed := errors.AsType[cli.ExitStatus](err)
	switch {
	case content.over:
		return nil, fault.New(fault.Failure, "", "%s in the instance is longer than %d KiB", path, limit>>10)
	case failed:
		return nil, fault.New(fault.Failure, "", "%s in the instance cannot be read: exit code %d, %s",
			path, int(status), cli.Quoted(said.String()))
	}
	return []byte(content.String()), err
}

// limited keeps what is written to it up to a length. What is more is dropped, so that the writer comes to its end.
type limited struct {
	strings.Builder
	left int
	over bool
}

func (l *limited) Write(p []byte) (int, error) {
	n := len(p)
	if n > l.left {
		l.over, p = true, p[:l.left]
	}
	l.left -= len(p)
	l.Builder.Write(p)
	return n, nil
}
