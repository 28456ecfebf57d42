package inside

import (
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

func webTarget() sshTarget {
	return sshTarget{
		ID: "0123456789ab", User: "ops", Address: netip.MustParseAddr("10.77.0.12"),
		KnownHosts: "/var/lib/holm state/instances/0123456789ab/known_hosts", Identity: "/var/lib/holm state/keys/ssh_ed25519", Own: true,
	}
}

var strict = []string{
	"-F", "none", "-o", "ControlPath=none", "-o", "User=ops", "-o", "HostKeyAlias=0123456789ab",
	"-o", `UserKnownHostsFile="/var/lib/holm state/instances/0123456789ab/known_hosts"`,
	"-o", "GlobalKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no",
	"-o", `IdentityFile="/var/lib/holm state/keys/ssh_ed25519"`, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
	"-o", "PreferredAuthentications=publickey", "-o", "ForwardAgent=no", "-o", "ConnectTimeout=30",
	"-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-o", "LogLevel=ERROR",
}

// runs is what stands before the words of a command.
const runs = `exec '/bin/sh' '-c' '[ -x /usr/lib/holm/holm-exec ] && exec /usr/lib/holm/holm-exec "$@"; exec "$@"' 'sh' `

func TestSSHArguments(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(sshTarget) ([]string, error)
		want []string
	}{
		{
			"ssh passes options on", func(s sshTarget) ([]string, error) { return sshArgs(s, []string{"-L", "8080:localhost:80"}) },
			[]string{"10.77.0.12", "-L", "8080:localhost:80"},
		},
		{
			"exec quotes each word", func(s sshTarget) ([]string, error) {
				return execArgs(s, execOptions{}, "", []string{"printf", `%s\n`, "a b", "$HOME", "it's", ""})
			},
			[]string{"-T", "-e", "none", "--", "10.77.0.12", runs + `'printf' '%s\n' 'a b' '$HOME' 'it'\''s' ''`},
		},
		{
			"a command that looks like an option is none", func(s sshTarget) ([]string, error) {
				return execArgs(s, execOptions{tty: true}, "", []string{"-oProxyCommand=x"})
			},
			[]string{"-tt", "--", "10.77.0.12", runs + "'-oProxyCommand=x'"},
		},
		{
			"exec leaves stdin alone", func(s sshTarget) ([]string, error) {
				return execArgs(s, execOptions{noStdin: true}, "", []string{"true"})
			},
			[]string{"-T", "-e", "none", "-n", "--", "10.77.0.12", runs + "'true'"},
		},
		{
			"cp into the instance", func(s sshTarget) ([]string, error) {
				return scpArgs(s, copying{[]place{{Path: "-r"}, {Path: "a\nb"}}, place{Instance: "web", Path: "/tmp/a b"}, true, true})
			},
			[]string{"-s", "-p", "-r", "-q", "--", "./-r", "./a\nb", "10.77.0.12:/tmp/a b"},
		},
		{
			"cp out of the instance", func(s sshTarget) ([]string, error) {
				return scpArgs(s, copying{[]place{{Instance: "web", Path: "-x"}, {Instance: "web", Path: "'"}}, place{Path: "a:b"}, false, false})
			},
			[]string{"-s", "-p", "--", "10.77.0.12:-x", "10.77.0.12:'", "./a:b"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.make(webTarget())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(slices.Concat(strict, tc.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestARecordThatCouldSteerSSHIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*sshTarget){
		"user that is an option":          func(s *sshTarget) { s.User = "-oProxyCommand=touch /tmp/x" },
		"user with a host in it":          func(s *sshTarget) { s.User = "ops@evil" },
		"user with a line break":          func(s *sshTarget) { s.User = "ops\nProxyCommand x" },
		"no address":                      func(s *sshTarget) { s.Address = netip.Addr{} },
		"address with a zone":             func(s *sshTarget) { s.Address = netip.MustParseAddr("fe80::1%eth0;x") },
		"id that is a pattern":            func(s *sshTarget) { s.ID = "*" },
		"known hosts with a quote":        func(s *sshTarget) { s.KnownHosts = `/a"b` },
		"known hosts with a token of ssh": func(s *sshTarget) { s.KnownHosts = "/%h" },
		"known hosts with a variable":     func(s *sshTarget) { s.KnownHosts = "/${HOME}" },
		"known hosts with a line break":   func(s *sshTarget) { s.KnownHosts = "/a\nb" },
		"key by a relative path":          func(s *sshTarget) { s.Identity = "key" },
	} {
		target := webTarget()
		spoil(&target)
		if args, err := execArgs(target, execOptions{}, "", []string{"true"}); err == nil {
			t.Errorf("%s: accepted as %q", name, args)
		} else if fault.KindOf(err) == 0 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q is not one line", name, err)
		}
	}
}

func TestOpenSSHUnderstandsTheArguments(t *testing.T) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("ssh is not installed (package openssh-client): how it reads the arguments is not tested")
	}
	args, err := execArgs(webTarget(), execOptions{}, t.TempDir()+"/log", []string{"true"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), ssh, append([]string{"-G"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{
		"user ops", "hostname 10.77.0.12", "hostkeyalias 0123456789ab", "stricthostkeychecking true",
		"userknownhostsfile /var/lib/holm state/instances/0123456789ab/known_hosts", "globalknownhostsfile /dev/null",
		"identitiesonly yes", "identityfile /var/lib/holm state/keys/ssh_ed25519", "batchmode yes", "identityagent none",
	} {
		if !strings.Contains("\n"+string(out), "\n"+want+"\n") {
			t.Errorf("ssh -G does not say %q", want)
		}
	}
	if n := strings.Count(string(out), "\nidentityfile "); n != 1 {
		t.Errorf("ssh would offer %d keys, want only holm's:\n%s", n, out)
	}
}

func TestARemoteShellGivesTheWordsBack(t *testing.T) {
	words := []string{"a b", "$HOME", "it's", `"`, `\`, "", "*", "~", "a\nb", "-n", "`id`", "$(id)", "!", "ä"}
	line := cli.ShellLine(append([]string{"printf", `%s\0`}, words...))
	out, err := exec.CommandContext(t.Context(), "sh", "-c", line).Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(words, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsCopiedIsInOneInstanceOrComesFromOne(t *testing.T) {
	here, web, db := place{Path: "a"}, place{Instance: "web"}, place{Instance: "db"}
	for _, c := range []struct {
		name string
		from []place
		to   place
		want string // "" is refused
	}{
		{"one file in", []place{here}, web, "web"},
		{"several files in", []place{here, here}, web, "web"},
		{"several files out", []place{web, web}, here, "web"},
		{"both here", []place{here}, here, ""},
		{"both there", []place{web}, db, ""},
		{"out of two", []place{web, db}, here, ""},
		{"some from here and some from there", []place{here, web}, db, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := copying{from: c.from, to: c.to}.instance()
			if got != c.want && err == nil || (err == nil) != (c.want != "") || err != nil && fault.KindOf(err) != fault.Usage {
				t.Errorf("%q %v", got, err)
			}
		})
	}
}

func TestSSHsOwnEndIsToldFromTheCommands(t *testing.T) {
	const seen = "debug1: clientloop.c:client_input_channel_req():1736 (pid=9): client_input_channel_req: channel 0 rtype exit-status reply 0\r\n"
	for _, c := range []struct {
		name, log string
		ended     bool
		said      string
	}{
		{"nothing is said", "", false, ""},
		{"the command has ended", "debug1: clientloop.c:x():1: Entering interactive session.\r\n" + seen, true, ""},
		{"the connection is lost", "debug1: clientloop.c:x():1: Entering interactive session.\r\nTimeout, server 10.77.0.12 not responding.\r\n", false, "Timeout, server 10.77.0.12 not responding."},
		{"nothing listens", "ssh: connect to host 10.77.0.12 port 22: Connection refused\r\n", false, "ssh: connect to host 10.77.0.12 port 22: Connection refused"},
		{"what a guest says cannot steer a terminal", "a\x1b[2Jb\n", false, "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if ended, said := readSSHLog(c.log); ended != c.ended || said != c.said {
				t.Errorf("%v %q", ended, said)
			}
		})
	}
}

func FuzzShellQuote(f *testing.F) {
	f.Add("it's $HOME")
	f.Fuzz(func(t *testing.T, text string) {
		quoted := cli.ShellQuote(text)
		// Outside of single quotes only \' may stand: taking those apart must give the text back.
		parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(quoted, "'"), "'"), `'\''`)
		for _, part := range parts {
			if strings.Contains(part, "'") {
				t.Fatalf("%q leaves its quotes in %q", text, quoted)
			}
		}
		if strings.Join(parts, "'") != text {
			t.Fatalf("%q became %q", text, quoted)
		}
	})
}

func TestParsePlace(t *testing.T) {
	for text, want := range map[string]place{
		"web:/etc/hostname": {"web", "/etc/hostname"}, "web:": {"web", ""}, "web:a:b": {"web", "a:b"},
		"./a:b": {"", "./a:b"}, "/a:b": {"", "/a:b"}, "file": {"", "file"}, "-": {"", "-"},
	} {
		if got, err := parsePlace(text); err != nil || got != want {
			t.Errorf("parsePlace(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", ":/etc"} {
		if got, err := parsePlace(text); fault.KindOf(err) != fault.Usage {
			t.Errorf("parsePlace(%q) = %v, %v, want a usage fault", text, got, err)
		}
	}
}

func TestAGuestOfWhichNobodyKnowsIsTried(t *testing.T) {
	w := newWorld()
	for i := range w.Instances {
		w.Instances[i].Status, w.Instances[i].DomainState = "unknown", hypervisor.Unknown
	}
	if got := w.Run(t, "exec", "web", "--", "true"); strings.Contains(got.Err, "not running") {
		t.Errorf("exit %d\n%s", got.Code, got.Err)
	}
}
