package inside

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cloudinit"
	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
)

// dockerContext is what lets the caller's own docker reach the one in an instance.
type dockerContext v1.DockerContext

type contextOptions struct {
	use bool
	key keyOptions
}

func dockerContextCommand(a *app) *cobra.Command {
	var o contextOptions
	cmd := &cobra.Command{
		Use:   "docker-context NAME",
		Short: "Let your own docker reach the Docker of an instance",
		Long: "Docker goes through ssh, which checks the instance's host key. What ssh and docker\n" +
			"need is printed or, with --use, installed: a file below ~/.ssh/holm that\n" +
			"~/.ssh/config includes, and a Docker context that is switched to; what there is a link, or\n" +
			"not the home's owner's, is refused. Holm's own key is\n" +
			"root's; with --identity or --own-keys you use yours, which create --ssh-key gave to the\n" +
			"instance. One connection is shared by what comes within a minute, and then closed.",
		Example: "  sudo holm docker-context web --use\n  sudo docker --context holm-web ps",
		GroupID: cli.GroupInside,
		Args:    cli.Names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return setUpDocker(cmd.Context(), a, args[0], o)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cmd.Flags().BoolVar(&o.use, "use", false, "install it and switch docker to it")
	o.key.flags(cmd)
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.Refused)
	return cmd
}

func setUpDocker(ctx context.Context, a *app, name string, o contextOptions) error {
	_, v, err := running(ctx, a, name)
	if err != nil {
		return err
	}
	if v.Profile != cloudinit.ProfileDocker {
		return fault.New(fault.Refused, "make one that has it: "+a.Command("create", "NAME", "--profile", "docker"),
			"instance %q has the profile %s, and no Docker", name, v.Profile)
	}
	target, err := reach(ctx, a, name)
	if err != nil {
		return err
	}
	home, err := callersHome()
	if err != nil {
		return err
	}
	if o.use && home.owner != nil {
		o.key.own = true // holm's key is root's alone
	}
	if target, err = o.key.apply(target); err != nil {
		return err
	}
	if !target.Own && len(v.AuthorizedKeys) == 0 {
		a.Say("instance " + cli.Quoted(name) +
			" was given no key of yours: add it to ~/.ssh/authorized_keys there, or give it to create with --ssh-key")
	}
	c, err := newDockerContext(target, a.Tenant(), name)
	if err != nil {
		return err
	}
	if !o.use {
		return a.Streams.Print(a.Settings.Output, c.result())
	}
	if err := installContext(ctx, a, home, c); err != nil {
		return err
	}
	sayFormer(a, home, formerAlias(a.Tenant(), name), target.ID)
	a.Say("docker uses " + c.Context + " now; back to your own: docker context use default")
	return nil
}

// newDockerContext lets docker's commands share one connection, which ends when none has used it for a minute: a new one
// takes longer than most commands. Its socket lies in the folder of ssh's own configuration, which is its user's alone.
func newDockerContext(t sshTarget, tenant, name string) (dockerContext, error) {
	alias := aliasOf(tenant, name)
	settings, err := t.settings()
	if err != nil {
		return dockerContext{}, err
	}
	block := []string{"Host " + alias, "    HostName=" + t.Address.String()}
	for _, setting := range append(settings, "ControlMaster=auto", "ControlPersist=60", "ControlPath=~/.ssh/holm-"+t.ID) {
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
	return term.Result{Document: v1.DockerContext(c), People: verbatim(text), Names: []string{c.Context}}
}

// verbatim is a result that is the same for people and for programs.
type verbatim string

// Write prints the text as it is.
func (v verbatim) Write(w io.Writer, _ bool, _ int, _ term.Style) error {
	_, err := io.WriteString(w, string(v))
	return err
}

// installContext gives ssh its block and docker its context. Both can be done again.
func installContext(ctx context.Context, a *app, h home, c dockerContext) error {
	verb := "update"
	err := h.owner.do(func() error {
		if err := h.mayHave(dockerDir(a, h)); err != nil {
			return err
		}
		if _, err := os.Stat(contextMeta(dockerDir(a, h), c.Context)); errors.Is(err, fs.ErrNotExist) {
			verb = "create"
		}
		return installSSHConfig(h, c.Context, c.SSHConfig)
	})
	if err != nil {
		return fault.New(fault.Failure, "do it by hand: "+a.Command("docker-context", "NAME"), "cannot set ssh and docker up: %w", err)
	}
	endpoint := "host=" + c.Host
	if err := a.ProgramAs(ctx, h.owner.credential(), "docker", []string{"context", verb, c.Context, "--docker", endpoint},
		a.Streams); err != nil {
		return err
	}
	return a.ProgramAs(ctx, h.owner.credential(), "docker", []string{"context", "use", c.Context}, a.Streams)
}

// dockerDir is where the caller's docker keeps what it is told.
func dockerDir(a *app, h home) string {
	if dir := a.Getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	return filepath.Join(h.dir, ".docker")
}

// sayFormer tells of a context that an earlier holm has made under a name that two instances could have had. It is only
// told of: somebody's scripts may use it.
func sayFormer(a *app, h home, former, id string) {
	var block []byte
	err := h.owner.do(func() (err error) {
		block, err = os.ReadFile(filepath.Join(h.sshDir(), "holm", former+".conf"))
		return err
	})
	if former == "" || err != nil || !strings.Contains(string(block), "HostKeyAlias="+id+"\n") {
		return
	}
	a.Say("it was called " + former + " before, which still works; to be rid of that: docker context rm " + former +
		"; rm ~/.ssh/holm/" + former + ".conf")
}
