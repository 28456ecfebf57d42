package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"holm/cloudinit"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner"
)

// dockerContext is what lets the caller's own docker reach the one in an instance.
type dockerContext struct {
	Context   string   `json:"context"`    // name of the Docker context, and of the host in ssh's configuration
	Host      string   `json:"host"`       // Docker's endpoint
	SSHConfig string   `json:"ssh_config"` // the block that ssh needs
	Commands  []string `json:"commands"`   // what makes the context, once ssh has the block
}

type contextOptions struct {
	use      bool
	identity string
}

func (a *app) dockerContextCommand() *cobra.Command {
	var o contextOptions
	cmd := &cobra.Command{
		Use:   "docker-context NAME",
		Short: "Let your own docker reach the Docker of an instance",
		Long: "Docker goes through ssh, which checks the instance's host key. What ssh and docker\n" +
			"need is printed or, with --use, installed: a file below ~/.ssh/holm that\n" +
			"~/.ssh/config includes, and a Docker context that is switched to. Holm's own key is\n" +
			"root's; with --identity you use yours, which create --ssh-key gave to the instance.",
		Example: "  sudo holm docker-context web --use\n  sudo docker --context holm-web ps",
		GroupID: groupInside,
		Args:    names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.dockerContext(cmd.Context(), args[0], o)
		},
		ValidArgsFunction: a.completeInstances(1),
	}
	cmd.Flags().BoolVar(&o.use, "use", false, "install it and switch docker to it")
	cmd.Flags().StringVar(&o.identity, "identity", "", "private key `FILE` to log in with instead of holm's own")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.Refused)
	return cmd
}

func (a *app) dockerContext(ctx context.Context, name string, o contextOptions) error {
	_, v, err := a.running(ctx, name)
	if err != nil {
		return err
	}
	if v.Profile != cloudinit.ProfileDocker {
		return fault.New(fault.Refused, "make one that has it: "+a.command("create", "NAME", "--profile", "docker"),
			"instance %q has the profile %s, and no Docker", name, v.Profile)
	}
	target, err := a.target(ctx, name)
	if err != nil {
		return err
	}
	if o.identity != "" {
		if target.Identity, err = filepath.Abs(o.identity); err != nil {
			return err
		}
		if _, err := os.Stat(target.Identity); err != nil {
			return fault.New(fault.Usage, "name a private key that is there", "--identity: %w", err)
		}
	}
	c, err := newDockerContext(target, a.tenant(), name)
	if err != nil {
		return err
	}
	if !o.use {
		return a.streams.Print(a.settings.output, c.result())
	}
	if err := a.installContext(ctx, c); err != nil {
		return err
	}
	a.say("docker uses " + c.Context + " now; back to your own: docker context use default")
	return nil
}

// newDockerContext names the context after the instance, and after its tenant where that is not the default one.
func newDockerContext(t sshTarget, tenant, name string) (dockerContext, error) {
	alias := "holm-" + name
	if tenant != provisioner.DefaultTenant {
		alias = "holm-" + tenant + "-" + name
	}
	settings, err := t.settings()
	if err != nil {
		return dockerContext{}, err
	}
	block := []string{"Host " + alias, "    HostName=" + t.Address}
	for _, setting := range settings {
		block = append(block, "    "+setting)
	}
	host := "host=ssh://" + alias
	return dockerContext{
		Context: alias, Host: "ssh://" + alias, SSHConfig: strings.Join(block, "\n") + "\n",
		Commands: []string{"docker context create " + alias + " --docker " + host, "docker context use " + alias},
	}, nil
}

func (c dockerContext) result() term.Result {
	text := "# put this into ~/.ssh/config:\n" + c.SSHConfig + "\n# and then run:\n" + strings.Join(c.Commands, "\n") + "\n"
	return term.Result{Document: c, People: verbatim(text), Names: []string{c.Context}}
}

// verbatim is a result that is the same for people and for programs.
type verbatim string

// Write prints the text as it is.
func (v verbatim) Write(w io.Writer, _ bool, _ int, _ term.Style) error {
	_, err := io.WriteString(w, string(v))
	return err
}

// installContext gives ssh its block and docker its context. Both can be done again.
func (a *app) installContext(ctx context.Context, c dockerContext) error {
	home, err := os.UserHomeDir()
	if err != nil {
		return fault.New(fault.Failure, "set HOME", "cannot tell where ~/.ssh is: %w", err)
	}
	if err := installSSHConfig(filepath.Join(home, ".ssh"), c.Context, c.SSHConfig); err != nil {
		return fault.New(fault.Failure, "do it by hand: "+a.command("docker-context", "NAME"), "cannot set ssh up: %w", err)
	}
	endpoint := "host=" + c.Host
	verb := "update"
	if _, err := os.Stat(contextMeta(home, c.Context)); errors.Is(err, fs.ErrNotExist) {
		verb = "create"
	}
	if err := a.program(ctx, "docker", []string{"context", verb, c.Context, "--docker", endpoint}, a.streams); err != nil {
		return err
	}
	return a.program(ctx, "docker", []string{"context", "use", c.Context}, a.streams)
}
