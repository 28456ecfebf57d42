package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/term"
	"holm/provisioner/operations"
)

func TestWhatAPersonSees(t *testing.T) {
	for name, args := range map[string][]string{
		"ls.txt": {"ls"}, "show.txt": {"show", "build", "--tenant", "acme"}, "stats.txt": {"stats", "web"},
		"doctor.txt": {"doctor"}, "images.txt": {"image", "ls"}, "image.txt": {"image", "show", "debian-13"},
		"plan.txt": {"create", "db", "--dry-run"},
	} {
		got := newWorld().runOn(t, terminal(""), args...)
		golden(t, name, got.out)
		for line := range strings.Lines(got.out) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 && name != "show.txt" && name != "plan.txt" && name != "image.txt" {
				t.Errorf("%s: a line has %d columns: %q", name, n, line)
			}
		}
	}
}

func TestCreateEndsWithTheWayIn(t *testing.T) {
	w := newWorld()
	got := w.runOn(t, terminal(""), "create", "db", "--tenant", "acme", "--memory", "2G")
	if got.code != 0 || got.out != "" || !strings.Contains(got.err, "ssh: holm ssh db --tenant acme\n") {
		t.Errorf("exit %d, stdout %q, stderr %q", got.code, got.out, got.err)
	}
	if w.wanted.MemoryMiB != 2048 || w.wanted.Tenant != "acme" || w.wanted.Profile != "docker" {
		t.Errorf("asked for %+v", w.wanted)
	}
}

func TestEmptyListsSayHowToBegin(t *testing.T) {
	w := newWorld()
	w.instances, w.images = nil, nil
	if got := w.runOn(t, terminal(""), "ls"); got.out != "" || !strings.Contains(got.err, "holm create web") {
		t.Errorf("ls: %+v", got)
	}
	if got := w.runOn(t, terminal(""), "image", "ls"); got.out != "" || !strings.Contains(got.err, "holm image build") {
		t.Errorf("image ls: %+v", got)
	}
}

func TestRemovingAsksOnce(t *testing.T) {
	for _, tc := range []struct {
		name, answer string
		args         []string
		code         int
		calls        []string
	}{
		{"yes removes", "y\n", []string{"rm", "web", "off"}, 0, []string{"remove default/web", "remove default/off"}},
		{"anything else does not", "\n", []string{"rm", "web"}, 1, nil},
		{"a name that is not there is said before", "y\n", []string{"rm", "web", "nobody"}, 4, nil},
		{"an image", "yes\n", []string{"image", "rm", "debian-13"}, 0, []string{"remove image"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld()
			if tc.args[0] == "image" {
				w.instances = nil
			}
			got := w.runOn(t, terminal(tc.answer), tc.args...)
			if got.code != tc.code || !slices.Equal(w.calls, tc.calls) {
				t.Errorf("exit %d, calls %q, want %d, %q; stderr %q", got.code, w.calls, tc.code, tc.calls, got.err)
			}
			if n := strings.Count(got.err, "[y/N]"); n > 1 || n == 0 && tc.code != 4 {
				t.Errorf("asked %d times: %q", n, got.err)
			}
		})
	}
}

func TestStopWithForceCutsThePower(t *testing.T) {
	w := newWorld()
	if got := w.run(t, "stop", "--force", "web"); got.code != 0 || !slices.Equal(w.calls, []string{"cut default/web"}) {
		t.Errorf("%+v, calls %q", got, w.calls)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	for _, args := range [][]string{
		{"create", "db"},
		{"start", "off"},
		{"stop", "web"},
		{"restart", "web"},
		{"rm", "web"},
		{"host", "set", "--lab-mode", "on"},
		{"image", "rm", "debian-13"},
	} {
		w := newWorld()
		if got := w.run(t, append(args, "--dry-run")...); got.code != 0 || len(w.calls) > 0 {
			t.Errorf("%v: exit %d, calls %q, stderr %q", args, got.code, w.calls, got.err)
		}
	}
}

func TestTheFirstInterruptionStopsWhatWaits(t *testing.T) {
	w := newWorld()
	w.hang = true
	var err bytes.Buffer
	a := w.app(term.New(nil, io.Discard, &err), func(string) string { return "" })
	made := a.makeProvisioner
	a.makeProvisioner = func(ctx context.Context, s settings) (engine, error) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil { // the handler is there by now
			t.Error(err)
		}
		return made(ctx, s)
	}
	if code := a.run(t.Context(), []string{"wait", "web"}); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if got, want := err.String(), "stopping …\nholm: interrupted\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

func TestCompletionDoesNotHoldTheShellUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		w := newWorld()
		w.hang = true
		cmd := &cobra.Command{}
		cmd.SetContext(t.Context())
		got, _ := w.app(nil, func(string) string { return "" }).completeInstances(0)(cmd, nil, "")
		if len(got) > 0 || time.Since(begin) != completionBudget {
			t.Errorf("offered %q after %v", got, time.Since(begin))
		}
	})
}

func TestTheConsoleIsLeftWithCtrlBracket(t *testing.T) {
	ours, guest := net.Pipe()
	typed := make(chan string, 1)
	go func() {
		_, _ = guest.Write([]byte("login: "))
		got := make([]byte, 16)
		n, _ := guest.Read(got)
		typed <- string(got[:n])
	}()
	keys, person := io.Pipe()
	out := &signalled{seen: make(chan struct{})}
	go func() {
		<-out.seen
		_, _ = person.Write([]byte("ops\r\x1dnever"))
	}()
	if err := attach(t.Context(), ours, keys, out); err != nil {
		t.Fatal(err)
	}
	if got := <-typed; got != "ops\r" {
		t.Errorf("the guest got %q", got)
	}
	if got := out.String(); got != "login: " {
		t.Errorf("the person saw %q", got)
	}
}

// signalled says when something was written to it.
type signalled struct {
	buf  bytes.Buffer
	seen chan struct{}
}

func (s *signalled) String() string { return s.buf.String() }

func (s *signalled) Write(p []byte) (int, error) {
	defer close(s.seen)
	return s.buf.Write(p)
}

func TestTheConsoleEndsWithTheContext(t *testing.T) {
	ours, _ := net.Pipe()
	keys, _ := io.Pipe()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	if err := attach(ctx, ours, keys, io.Discard); !errors.Is(err, errInterrupted) {
		t.Errorf("got %v", err)
	}
}

func TestConsoleOfTheWorld(t *testing.T) {
	ours, guest := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, guest) }()
	w := newWorld()
	w.console = ours
	got := w.runOn(t, terminal("\x1d"), "console", "web")
	if got.code != 0 || !strings.Contains(got.err, "leave with ctrl-]") {
		t.Errorf("%+v", got)
	}
	if got := w.runOn(t, terminal(""), "console", "off"); got.code != 1 || !strings.Contains(got.err, "holm start off") {
		t.Errorf("%+v", got)
	}
}

func TestLogsOnATerminalAreHarmless(t *testing.T) {
	state := t.TempDir()
	dir := filepath.Join(state, "instances", "0123456789ab")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "console.log"), []byte("boot\r\n\x1b]0;evil\x07\x1b[31mred\tx\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := newWorld().runOn(t, terminal(""), "--state", state, "logs", "web"); got.out != "boot\nred\tx\n" {
		t.Errorf("%+v", got)
	}
}

func TestAFollowedLogGoesOnAfterItWasRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "console.log")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	write("one\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	out := &script{after: map[string]func(){
		"one\n": func() {
			if err := os.Rename(path, path+".0"); err != nil {
				t.Error(err)
			}
			write("two, the new file\n")
		},
		"two, the new file\n": func() { write("cut\n") },
		"cut\n":               func() { cancel(errInterrupted) },
	}}
	if err := printLog(ctx, path, true, out); !errors.Is(err, errInterrupted) {
		t.Errorf("ended with %v", err)
	}
	if got, want := out.String(), "one\ntwo, the new file\ncut\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// script does something after each write.
type script struct {
	buf   bytes.Buffer
	after map[string]func()
}

func (s *script) String() string { return s.buf.String() }

func (s *script) Write(p []byte) (int, error) {
	if do := s.after[string(p)]; do != nil {
		do()
	}
	return s.buf.Write(p)
}

func TestProgramsPassInputOutputAndExitCode(t *testing.T) {
	var out, err bytes.Buffer
	s := term.New(strings.NewReader("in"), &out, &err)
	got := runProgram(t.Context(), "sh", []string{"-c", "cat; echo talk >&2; exit 7"}, s)
	if !errors.Is(got, exitStatus(7)) || out.String() != "in" || err.String() != "talk\n" {
		t.Errorf("got %v, stdout %q, stderr %q", got, out.String(), err.String())
	}
	if got := runProgram(t.Context(), "sh", []string{"-c", "kill -9 $$"}, s); !errors.Is(got, exitStatus(137)) {
		t.Errorf("killed: got %v", got)
	}
	if got := runProgram(t.Context(), "holm-no-such-program", nil, s); got == nil || !strings.Contains(got.Error(), "not installed") {
		t.Errorf("missing: got %v", got)
	}
}

func TestCommandsToPasteCarryWhatIsNotTheDefault(t *testing.T) {
	a := newWorld().app(nil, func(name string) string { return map[string]string{"SUDO_USER": "kari", "HOLM_STATE": "/s"}[name] })
	a.settings = settings{tenant: "acme", state: "/my state", connect: defaultConnect}
	if got, want := a.command("ssh", "web"), "sudo holm ssh web --tenant acme --state '/my state'"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	a.settings = settings{state: "/s", connect: defaultConnect}
	if got, want := a.command("ls"), "sudo holm ls"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnObserverIsOnlyThereWhenSomebodyReads(t *testing.T) {
	for name, s := range map[string]settings{"quiet": {quiet: true}, "a program reads JSON": {output: term.AsJSON}} {
		a := newWorld().app(term.New(nil, nil, io.Discard), nil)
		a.settings = s
		if observer, done := a.watch(); observer != nil {
			t.Errorf("%s: steps are shown", name)
			observer(operations.Event{})
			done()
		}
	}
}
