package inside

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"holm/cmd/holm/cli"
	"holm/guest/command"
	"holm/internal/fault"
	"holm/provisioner/model"
)

// sshTarget is all that OpenSSH needs to know to reach one instance and nothing else.
type sshTarget struct {
	ID         string // of the instance: the name under which its host key is known
	User       string // login name in the guest
	Address    netip.Addr
	KnownHosts string // absolute path of the file with the host key that the guest reported
	Identity   string // absolute path of the client key; "" is whatever keys and agents the caller's ssh has
	Own        bool   // Identity is holm's own key, which needs nobody to ask and no agent
}

// settings are what every connection to the instance is made with, as "Keyword=value". No known_hosts of the caller
// takes part: what is trusted is the key that the guest reported over its virtio port, and only that. A connection over
// which nothing comes back for 45 seconds is given up: the guest's power may have been cut.
func (t sshTarget) settings() ([]string, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	all := []string{
		"User=" + t.User,
		"HostKeyAlias=" + t.ID,
		`UserKnownHostsFile="` + t.KnownHosts + `"`,
		"GlobalKnownHostsFile=/dev/null",
		"StrictHostKeyChecking=yes",
		"UpdateHostKeys=no", // the file belongs to holm: a guest does not write to it
	}
	all = append(all, t.identity()...)
	return append(all,
		"PreferredAuthentications=publickey",
		"ForwardAgent=no",
		"ConnectTimeout=30",
		"ServerAliveInterval=15",
		"ServerAliveCountMax=3",
		"LogLevel=ERROR",
	), nil
}

// identity says with which key to log in. A person's key can have a passphrase, or live in an agent or on a token, so
// that ssh may have to ask.
func (t sshTarget) identity() []string {
	switch {
	case t.Own:
		// Not -i: ssh drops an -i that it cannot read and offers the caller's own keys instead.
		return []string{`IdentityFile="` + t.Identity + `"`, "IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes"}
	case t.Identity != "":
		return []string{`IdentityFile="` + t.Identity + `"`, "IdentitiesOnly=yes"}
	}
	return nil
}

// options are the arguments that ssh and scp share. No configuration file of the caller takes part.
func (t sshTarget) options() ([]string, error) {
	settings, err := t.settings()
	if err != nil {
		return nil, err
	}
	args := []string{"-F", "none", "-o", "ControlPath=none"}
	for _, setting := range settings {
		args = append(args, "-o", setting)
	}
	return args, nil
}

// check refuses what OpenSSH could read as anything but the value that it is. The record is holm's own, but a value
// in it that begins with "-" must not become an option of ssh.
func (t sshTarget) check() error {
	for _, part := range []struct {
		what, value string
		allowed     *regexp.Regexp
	}{
		{"id", t.ID, regexp.MustCompile(`^[0-9a-f]{12}$`)},
		{"user", t.User, regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)},
	} {
		if !part.allowed.MatchString(part.value) {
			return fault.New(fault.Failure, "", "the record holds the %s %s, which ssh cannot be given", part.what, cli.Quoted(part.value))
		}
	}
	if !t.Address.IsValid() || t.Address.Zone() != "" { // a zone may be any text
		return fault.New(fault.Failure, "", "the record holds the address %s, which ssh cannot be given", cli.Quoted(model.Text(t.Address)))
	}
	for _, path := range []string{t.KnownHosts, t.Identity} {
		if path == "" && !t.Own {
			continue
		}
		// ssh expands %x and ${X} in file names, and takes quotes and backslashes away.
		if !filepath.IsAbs(path) || strings.ContainsAny(path, `"'\%$`) || strings.ContainsFunc(path, unicode.IsControl) {
			return fault.New(fault.Usage, "choose a state directory without quotes, backslashes, % and $",
				"ssh cannot use the file name %s", cli.Quoted(path))
		}
	}
	return nil
}

// sshArgs are the arguments for an interactive ssh; more is what the caller adds: options of ssh, a command, or both.
func sshArgs(t sshTarget, more []string) ([]string, error) {
	args, err := t.options()
	if err != nil {
		return nil, err
	}
	return append(append(args, t.Address.String()), more...), nil
}

// How a command is run in the guest: by the program that says how it ended and ends it with the connection, where the
// image has that. What is given to it are the words of the command, whatever shell the user has.
const runner = "[ -x " + command.Program + " ] && exec " + command.Program + ` "$@"; exec "$@"`

// execArgs are the arguments for one command, which reaches the program in the guest word for word although sshd
// hands it to a shell. What ssh itself has to say goes to the file log, for the command's stderr is the command's.
func execArgs(t sshTarget, o execOptions, log string, words []string) ([]string, error) {
	args, err := t.options()
	if err != nil {
		return nil, err
	}
	if log != "" {
		// At its usual level, and besides what it is told of the end of the command.
		args = append([]string{"-E", log, "-o", "LogVerbose=clientloop.c:client_input_channel_req():*"}, args...)
	}
	if o.tty {
		args = append(args, "-tt")
	} else {
		args = append(args, "-T", "-e", "none")
	}
	if o.noStdin {
		args = append(args, "-n")
	}
	return append(args, "--", t.Address.String(), "exec "+cli.ShellLine(append([]string{"/bin/sh", "-c", runner, "sh"}, words...))), nil
}

// place is one side of cp: a path in an instance, or a local one when Instance is "".
type place struct{ Instance, Path string }

// parsePlace reads "web:/path" as scp does: what stands before the first colon is an instance unless a slash stands
// before it. A local name with a colon in it is written ./a:b.
func parsePlace(text string) (place, error) {
	name, path, found := strings.Cut(text, ":")
	if !found || strings.Contains(name, "/") {
		if text == "" {
			return place{}, fault.New(fault.Usage, "name a file", "an empty path is no file")
		}
		return place{Path: text}, nil
	}
	if name == "" {
		return place{}, fault.New(fault.Usage, "write ./"+cli.ShellWord(text)+" for a local file, web:/path for one in an instance",
			"%s names no instance before the colon", cli.Quoted(text))
	}
	return place{Instance: name, Path: path}, nil
}

// copying is one run of cp: some places and where they go, either the former or the latter in one instance.
type copying struct {
	from             []place
	to               place
	recursive, quiet bool
}

// instance is the one that takes part.
func (c copying) instance() (string, error) {
	const remedy = "write for example: holm cp web:/etc/hostname .      or: holm cp -r site compose.yaml web:"
	name := c.to.Instance
	for i, from := range c.from {
		switch {
		case (from.Instance == "") == (c.to.Instance == ""):
			return "", fault.New(fault.Usage, remedy, "exactly one side must be in an instance, as NAME:PATH")
		case c.to.Instance == "" && i > 0 && from.Instance != name:
			return "", fault.New(fault.Usage, "copy from one after the other",
				"all that is copied must come from one instance, and not from %s and %s", cli.Quoted(name), cli.Quoted(from.Instance))
		case c.to.Instance == "":
			name = from.Instance
		}
	}
	return name, nil
}

// scpArgs are the arguments of a copying with the instance of t. Modes and times are kept. SFTP is forced, so that no
// shell in the guest reads the path.
func scpArgs(t sshTarget, c copying) ([]string, error) {
	args, err := t.options()
	if err != nil {
		return nil, err
	}
	args = append(args, "-s", "-p")
	if c.recursive {
		args = append(args, "-r")
	}
	if c.quiet {
		args = append(args, "-q")
	}
	args = append(args, "--")
	for _, from := range c.from {
		args = append(args, t.scpPath(from))
	}
	return append(args, t.scpPath(c.to)), nil
}

func (t sshTarget) scpPath(p place) string {
	switch {
	case p.Instance != "":
		host := t.Address.String()
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return fmt.Sprintf("%s:%s", host, p.Path)
	case filepath.IsAbs(p.Path):
		return p.Path
	}
	return "./" + p.Path // neither an option nor, with a colon in it, a host
}
