package main

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"holm/internal/fault"
)

// sshTarget is all that OpenSSH needs to know to reach one instance and nothing else.
type sshTarget struct {
	ID         string // of the instance: the name under which its host key is known
	User       string // login name in the guest
	Address    string // IP address
	KnownHosts string // absolute path of the file with the host key that the guest reported
	Identity   string // absolute path of holm's own client key
}

// settings are what every connection to the instance is made with, as "Keyword=value". No configuration file, agent or
// known_hosts of the caller takes part: what is trusted is the key that the guest reported over its virtio port, and
// only that.
func (t sshTarget) settings() ([]string, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	return []string{
		"User=" + t.User,
		"HostKeyAlias=" + t.ID,
		`UserKnownHostsFile="` + t.KnownHosts + `"`,
		"GlobalKnownHostsFile=/dev/null",
		"StrictHostKeyChecking=yes",
		"UpdateHostKeys=no", // the file belongs to holm: a guest does not write to it
		// Not -i: ssh drops an -i that it cannot read and offers the caller's own keys instead.
		`IdentityFile="` + t.Identity + `"`,
		"IdentitiesOnly=yes",
		"IdentityAgent=none",
		"PreferredAuthentications=publickey",
		"BatchMode=yes", // fail rather than ask for a password
		"ControlPath=none",
		"ForwardAgent=no",
		"ConnectTimeout=10",
		"LogLevel=ERROR",
	}, nil
}

// options are the arguments that ssh and scp share.
func (t sshTarget) options() ([]string, error) {
	settings, err := t.settings()
	if err != nil {
		return nil, err
	}
	args := []string{"-F", "none"}
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
			return fault.New(fault.Failure, "", "the record holds the %s %s, which ssh cannot be given", part.what, quoted(part.value))
		}
	}
	if addr, err := netip.ParseAddr(t.Address); err != nil || addr.Zone() != "" {
		return fault.New(fault.Failure, "", "the record holds the address %s, which is no IP address", quoted(t.Address))
	}
	for _, path := range []string{t.KnownHosts, t.Identity} {
		// ssh expands %x and ${X} in file names, and takes quotes and backslashes away.
		if !filepath.IsAbs(path) || strings.ContainsAny(path, `"'\%$`) || strings.ContainsFunc(path, unicode.IsControl) {
			return fault.New(fault.Usage, "choose a state directory without quotes, backslashes, % and $", "ssh cannot use the file name %s", quoted(path))
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
	return append(append(args, t.Address), more...), nil
}

// execArgs are the arguments for one command, which reaches the program in the guest word for word although sshd
// hands it to a shell.
func execArgs(t sshTarget, tty bool, command []string) ([]string, error) {
	args, err := t.options()
	if err != nil {
		return nil, err
	}
	if tty {
		args = append(args, "-tt")
	} else {
		args = append(args, "-T", "-e", "none")
	}
	return append(args, "--", t.Address, shellLine(command)), nil
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
		return place{}, fault.New(fault.Usage, "write ./"+shellWord(text)+" for a local file, web:/path for one in an instance",
			"%s names no instance before the colon", quoted(text))
	}
	return place{Instance: name, Path: path}, nil
}

// scpArgs are the arguments that copy from one place to another, one of them in the instance of t. SFTP is forced, so
// that no shell in the guest reads the path.
func scpArgs(t sshTarget, recursive, quiet bool, from, to place) ([]string, error) {
	args, err := t.options()
	if err != nil {
		return nil, err
	}
	args = append(args, "-s")
	if recursive {
		args = append(args, "-r")
	}
	if quiet {
		args = append(args, "-q")
	}
	return append(args, "--", t.scpPath(from), t.scpPath(to)), nil
}

func (t sshTarget) scpPath(p place) string {
	switch {
	case p.Instance != "":
		host := t.Address
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return fmt.Sprintf("%s:%s", host, p.Path)
	case filepath.IsAbs(p.Path):
		return p.Path
	}
	return "./" + p.Path // neither an option nor, with a colon in it, a host
}
