package main

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"holm/guest/k3sapi"
	"holm/guest/probe"
	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/records"
)

// k3sPort is where an instance of the k3s profile serves the Kubernetes API.
const k3sPort = "6443"

func (a *app) kubeconfigCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "kubeconfig NAME",
		Short:   "Print a kubeconfig for an instance of the k3s profile",
		Long:    "It makes an administrator of the cluster of whoever reads it. Cluster, user and context are\ncalled holm-NAME.",
		Example: "  sudo holm kubeconfig web --file web.kubeconfig\n  kubectl --kubeconfig web.kubeconfig get pods -A",
		GroupID: groupInside,
		Args:    names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.kubeconfig(cmd.Context(), args[0], file)
		},
		ValidArgsFunction: a.completeInstances(1),
	}
	cmd.Flags().StringVar(&file, "file", "", "write it to `FILE` (0600) and not to stdout")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func (a *app) kubeconfig(ctx context.Context, name, file string) error {
	_, v, err := a.running(ctx, name)
	switch {
	case err != nil:
		return err
	case v.Profile != probe.K3s:
		return fault.New(fault.Failure, "make one of that profile: "+a.command("create", "NAME", "--profile", probe.K3s),
			"instance %q has the profile %s: only %s has a kubeconfig", name, v.Profile, probe.K3s)
	case v.Status != string(records.Ready):
		return fault.New(fault.Failure, "run: "+a.command("wait", name), "instance %q is not ready (%s)", name, v.Status)
	}
	t, err := a.target(ctx, name)
	if err != nil {
		return err
	}
	data, err := a.readAsRoot(ctx, t, k3sapi.Kubeconfig, k3sapi.MaxKubeconfig)
	if err != nil {
		return err
	}
	config, err := outsideKubeconfig(data, name, v.Address)
	if err != nil {
		return fault.New(fault.Failure, "look at it: "+a.command("exec", name, "--", "sudo", "ls", "-l", k3sapi.Kubeconfig),
			"instance %q has no kubeconfig that can be used: %w", name, err)
	}
	if file == "" {
		_, err = a.streams.Out.Write(config)
		return err
	}
	if err := atomicfile.WriteBytes(file, 0o600, config); err != nil {
		return fault.New(fault.Failure, "name a file in a folder that is there: --file FILE", "--file: %w", err)
	}
	a.say("wrote " + file)
	return nil
}

// outsideKubeconfig makes of k3s's own kubeconfig one that works outside the instance. The guest decides what it holds,
// so nothing but certificates and key is taken from it, and where they are used is for the record to say.
func outsideKubeconfig(inside []byte, name, address string) ([]byte, error) {
	access, err := k3sapi.ParseKubeconfig(inside)
	if err != nil {
		return nil, err
	}
	access.Server = "https://" + net.JoinHostPort(address, k3sPort)
	return access.Kubeconfig("holm-" + name)
}

// readAsRoot reads a file in the instance that is root's alone, at most limit bytes of it.
func (a *app) readAsRoot(ctx context.Context, t sshTarget, path string, limit int) ([]byte, error) {
	argv, err := execArgs(t, false, []string{"sudo", "-n", "cat", "--", path})
	if err != nil {
		return nil, err
	}
	// What the guest says on its way is not for the terminal.
	content, said := &limited{left: limit}, &limited{left: maxQuoted}
	err = a.program(ctx, "ssh", argv, term.New(strings.NewReader(""), content, said))
	status, failed := errors.AsType[exitStatus](err)
	switch {
	case content.over:
		return nil, fault.New(fault.Failure, "", "%s in the instance is longer than %d KiB", path, limit>>10)
	case failed:
		return nil, fault.New(fault.Failure, "", "%s in the instance cannot be read: exit code %d, %s", path, int(status), quoted(said.String()))
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
