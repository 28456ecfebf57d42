package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"holm/cmd/holm/clitest"
	"holm/cmd/holm/inside"
	"holm/internal/term"
)

// debugging runs command lines with HOLM_DEBUG=1 and a real program, which does nothing, in the place of ssh.
func (w *world) debugging(t *testing.T, in string, args ...string) clitest.Outcome {
	t.Helper()
	w.Env = map[string]string{"HOLM_DEBUG": "1"}
	w.Program = func(ctx context.Context, _ string, args []string, s *term.Streams) error {
		return inside.RunProgram(ctx, "true", args, s)
	}
	return w.RunOn(t, func(s *term.Streams) { s.In = strings.NewReader(in) }, args...)
}

func TestTheDebugLogTellsNoSecretOfACommandLine(t *testing.T) {
	const secret, passphrase = "hunter2", "correct horse battery hunter2"
	dir := t.TempDir()
	proxy := filepath.Join(dir, "proxy")
	if err := os.WriteFile(proxy, []byte("https_proxy=http://u:"+secret+"@proxy.example:3128\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	own := func(words ...string) []string { return append([]string{"--state", dir}, words...) }
	reachable(t, dir, "0123456789ab")
	for _, tc := range []struct {
		name string
		in   string
		args []string
		code int
		want string // in what is told
	}{
		{"a create", "", own("create", "db", "--proxy-file", proxy), 0, `verb="holm create"`},
		{"a key that is rotated", "", own("tenant", "rotate-key", "acme"), 0, `verb="holm tenant rotate-key"`},
		{"a proxy's password in a file", "", own("tenant", "set", "acme", "--proxy-file", proxy), 0, `verb="holm tenant set"`},
		{"on standard input", "http://u:" + secret + "@proxy.example", own("host", "set", "--proxy-file", "-"), 0, `verb="holm host set"`},
		{"on the command line", "", own("set", "web", "--proxy", "http://u:"+secret+"@proxy.example"), 2, `verb="holm set"`},
		{"a passphrase that locks", passphrase + "\n", own("unlock", "--mode", "manual"), 0, `verb="holm unlock"`},
		{"a wrong one", passphrase + "x\n", own("unlock", "--mode", "auto"), 9, `verb="holm unlock"`},
		{"one that releases", passphrase + "\n", own("unlock", "--mode", "auto"), 0, `verb="holm unlock"`},
		{"a command for a guest", "", own("exec", "web", "--", "env", "TOKEN="+secret, "true"), 0, `msg="program begun" .* -- 10.77.0.12" of=\d+\n`},
		{"what ssh is given", "", own("ssh", "web", "--", "export TOKEN="+secret), 0, ` 10.77.0.12" of=\d+\n`},
		{"a password of libvirt's", "", own("--connect", "qemu+tcp://u:"+secret+"@host/system", "ls"), 0, `connect=qemu\+tcp://…@host/system`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld()
			got := w.debugging(t, tc.in, tc.args...)
			if got.Code != tc.code || !regexp.MustCompile(tc.want).MatchString(got.Err) {
				t.Errorf("exit %d, want %d; told %s, want %s", got.Code, tc.code, got.Err, tc.want)
			}
			if strings.Contains(got.Err, secret) || strings.Contains(got.Err, "horse") {
				t.Errorf("a secret is told: %s", got.Err)
			}
		})
	}
}

// reachable lays down what ssh needs of the instance with that id.
func reachable(t *testing.T, state, id string) {
	t.Helper()
	for _, path := range []string{filepath.Join("instances", id, "known_hosts"), filepath.Join("keys", "ssh_ed25519")} {
		path = filepath.Join(state, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
