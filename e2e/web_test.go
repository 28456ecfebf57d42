//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// web is the instance that most tests share: profile docker, flavor small.
const web = prefix + "web"

// createWeb makes it when the first test asks for it. TestMain removes it.
var createWeb = sync.OnceValue(func() outcome {
	return holm("create", web).do(context.Background())
})

// needWeb fails the test when there is no web.
func needWeb(t *testing.T) {
	t.Helper()
	if o := createWeb(); o.code != 0 {
		logs := holm("logs", web).run(t)
		t.Fatalf("create %s: exit %d\n%s\nits console:\n%s", web, o.code, o.stderr, tail(logs.stdout))
	}
}

func TestCreateSpeaksPlainlyInAPipe(t *testing.T) {
	needWeb(t)
	o := createWeb()
	record := strings.Split(strings.TrimSuffix(o.stdout, "\n"), "\n")
	if len(record) != 2 || !strings.HasPrefix(record[1], web+"\tdefault\tready\t10.78.0.") {
		t.Errorf("stdout is no header and one record:\n%s", o.stdout)
	}
	if strings.ContainsAny(o.stderr, "\x1b\r") {
		t.Errorf("stderr has control characters: %q", o.stderr)
	}
	at := 0
	for _, step := range []string{"admitted", "reserved", "defined", "started", "booting", "ready"} {
		i := strings.Index(o.stderr[at:], step)
		if i < 0 {
			t.Fatalf("stderr does not tell of step %s after the one before:\n%s", step, o.stderr)
		}
		at += i
	}
}

// Each script is a story about web, told as a person would type it.
func TestScripts(t *testing.T) {
	needWeb(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, environment(stateDir)...)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits},
	})
}

// exits is a script's "exits CODE PROGRAM ARGUMENT...".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit %d, want %d", got, want)
	}
}

func TestExecPassesArgumentsWordForWord(t *testing.T) {
	needWeb(t)
	for _, arg := range []string{
		"two  words", `"double" 'single'`, "$HOME ${x} $(id) `id`", "a\nb\n", `back\slash\\`, "*", "~", "", "-n", "a;b|c&d>e", "é\xff", "!x",
	} {
		if got := guest(web, "printf", "%s", arg).must(t); got != arg {
			t.Errorf("%q arrived as %q", arg, got)
		}
	}
}

func TestExecPassesBytesUnchanged(t *testing.T) {
	needWeb(t)
	sent := make([]byte, 1<<20)
	if _, err := rand.Read(sent); err != nil {
		t.Fatal(err)
	}
	if got := guest(web, "cat").reading(bytes.NewReader(sent)).must(t); got != string(sent) {
		t.Errorf("of %d bytes, %d came back, and not the same", len(sent), len(got))
	}
	sum := sha256.Sum256(sent)
	if got := guest(web, "sha256sum").reading(bytes.NewReader(sent)).must(t); !strings.HasPrefix(got, hex.EncodeToString(sum[:])) {
		t.Errorf("the guest has read %q, want %x", got, sum)
	}
}

func TestAnotherHostKeyIsRefused(t *testing.T) {
	needWeb(t)
	path := filepath.Join(stateDir, "instances", show(t, web).ID, "known_hosts")
	right, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(string(right), " ")
	t.Cleanup(func() {
		if err := os.WriteFile(path, right, 0o644); err != nil {
			t.Error(err)
		}
	})
	for what, content := range map[string]string{"another key": name + " " + publicKey + "\n", "no key": ""} {
		t.Run(what, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			o := guest(web, "true").run(t)
			if o.code != 255 || !strings.Contains(o.stderr, "verification failed") {
				t.Errorf("exit %d, want 255\n%s", o.code, o.stderr)
			}
			if after, _ := os.ReadFile(path); string(after) != content {
				t.Errorf("ssh has written to known_hosts: %s", after)
			}
		})
	}
}

func TestTheSeedIsGoneOnceTheInstanceIsReady(t *testing.T) {
	needWeb(t)
	v := show(t, web)
	if got := shell(t, web, "ls /dev/vd? | xargs"); got != "/dev/vda /dev/vdb" {
		t.Errorf("the guest's disks are %s", got)
	}
	if xml := virsh(t, "dumpxml", v.Domain); strings.Contains(xml, "seed.iso") {
		t.Error("the domain still has its seed")
	}
	for _, line := range files(t, filepath.Join(stateDir, "instances", v.ID)) {
		if strings.Contains(line, "seed") {
			t.Errorf("the file is still there: %s", line)
		}
	}
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

func TestATerminalGetsATableThatFits(t *testing.T) {
	needWeb(t)
	out := terminal(t, "holm", "ls")
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(escapes.ReplaceAllString(out, ""), "\r", "")), "\n")
	if len(lines) < 2 || !strings.HasPrefix(lines[0], "NAME") || !strings.Contains(out, web) {
		t.Fatalf("no table:\n%s", out)
	}
	for _, line := range lines {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("a line of %d columns on a terminal of 80: %q", n, line)
		}
	}
	if !escapes.MatchString(out) {
		t.Errorf("no colour on a terminal: %q", out)
	}
	if plain := terminal(t, "env", "NO_COLOR=1", "holm", "ls"); escapes.MatchString(plain) {
		t.Errorf("colour in spite of NO_COLOR: %q", plain)
	}
}

// terminal runs a command on a terminal of 80 by 24, and returns all that was written to it.
func terminal(t *testing.T, command ...string) string {
	t.Helper()
	cmd := onTerminal(t.Context(), command...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command, err, out)
	}
	return string(out)
}

// onTerminal is a command under script(1), whose terminal has the size that stty gives it.
func onTerminal(ctx context.Context, command ...string) *exec.Cmd {
	line := "stty cols 80 rows 24; exec " + strings.Join(command, " ")
	cmd := exec.CommandContext(ctx, "script", "-qec", line, "/dev/null")
	cmd.Env = append(environment(stateDir), "TERM=xterm-256color")
	return cmd
}

func TestTheConsoleOpensAndClosesWithItsKey(t *testing.T) {
	needWeb(t)
	cmd := onTerminal(t.Context(), "holm", "console", web)
	keys, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := &watched{}
	cmd.Stdout = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said.wait(t, "leave with ctrl-]")
	if _, err := keys.Write([]byte{0x1d}); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the console ended with %v\n%s", err, said.text())
	}
}

// watched keeps what is written to it, and lets a test wait for a text.
type watched struct {
	mu   sync.Mutex
	seen bytes.Buffer
	more chan struct{} // closed at the next write; nil when nobody waits
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.more != nil {
		close(w.more)
		w.more = nil
	}
	return w.seen.Write(p)
}

// wait returns once text has been written.
func (w *watched) wait(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		w.mu.Lock()
		found := strings.Contains(w.seen.String(), text)
		if w.more == nil {
			w.more = make(chan struct{})
		}
		more := w.more
		w.mu.Unlock()
		if found {
			return
		}
		select {
		case <-more:
		case <-ctx.Done():
			t.Fatalf("%q was never said:\n%s", text, w.text())
		}
	}
}

func (w *watched) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen.String()
}

func TestWhatJSONAndTheListSayIsTheSame(t *testing.T) {
	needWeb(t)
	v := show(t, web)
	var list struct {
		Instances []struct{ Name, Status, Address, Image, Accel string }
	}
	decode(t, holm("ls", "-o", "json").must(t), &list)
	at := slices.IndexFunc(list.Instances, func(i struct{ Name, Status, Address, Image, Accel string }) bool { return i.Name == web })
	if at < 0 {
		t.Fatalf("web is not among the %d instances of the list", len(list.Instances))
	}
	got := list.Instances[at]
	want := got
	want.Name, want.Status, want.Address, want.Image, want.Accel = web, "ready", v.Address, image(t, stateDir).Digest, v.Accel
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v.Passed != v.Total || v.Total < 4 {
		t.Errorf("%d of %d checks passed", v.Passed, v.Total)
	}
}
