package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"holm/cmd/holm/clitest"
	"holm/cmd/holm/instance"
	"holm/internal/term"
)

func TestWhatAPersonSees(t *testing.T) {
	for name, args := range map[string][]string{
		"ls.txt": {"ls"}, "show.txt": {"show", "build", "--tenant", "acme"}, "stats.txt": {"stats", "web"},
		"doctor.txt": {"doctor"}, "images.txt": {"image", "ls"}, "image.txt": {"image", "show", "debian-13"},
		"plan.txt": {"create", "db", "--dry-run"},
	} {
		got := newWorld().RunOn(t, clitest.Terminal(""), args...)
		clitest.Golden(t, name, got.Out)
		for line := range strings.Lines(got.Out) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 && name != "show.txt" && name != "plan.txt" && name != "image.txt" {
				t.Errorf("%s: a line has %d columns: %q", name, n, line)
			}
		}
	}
}

func TestCreateEndsWithTheWayIn(t *testing.T) {
	w := newWorld()
	got := w.RunOn(t, clitest.Terminal(""), "create", "db", "--tenant", "acme", "--memory", "2G")
	if got.Code != 0 || got.Out != "" || !strings.Contains(got.Err, "ssh: holm ssh db --tenant acme\n") {
		t.Errorf("exit %d, stdout %q, stderr %q", got.Code, got.Out, got.Err)
	}
	if w.Wanted.MemoryMiB != 2048 || w.Wanted.Tenant != "acme" || w.Wanted.Profile != "docker" {
		t.Errorf("asked for %+v", w.Wanted)
	}
}

func TestEmptyListsSayHowToBegin(t *testing.T) {
	w := newWorld()
	w.Instances, w.Images = nil, nil
	if got := w.RunOn(t, clitest.Terminal(""), "ls"); got.Out != "" || !strings.Contains(got.Err, "holm create web") {
		t.Errorf("ls: %+v", got)
	}
	if got := w.RunOn(t, clitest.Terminal(""), "image", "ls"); got.Out != "" || !strings.Contains(got.Err, "holm image build") {
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
				w.Instances = nil
			}
			got := w.RunOn(t, clitest.Terminal(tc.answer), tc.args...)
			if got.Code != tc.code || !slices.Equal(w.Calls, tc.calls) {
				t.Errorf("exit %d, calls %q, want %d, %q; stderr %q", got.Code, w.Calls, tc.code, tc.calls, got.Err)
			}
			if n := strings.Count(got.Err, "[y/N]"); n > 1 || n == 0 && tc.code != 4 {
				t.Errorf("asked %d times: %q", n, got.Err)
			}
		})
	}
}

func TestStopWithForceCutsThePower(t *testing.T) {
	w := newWorld()
	if got := w.Run(t, "stop", "--force", "web"); got.Code != 0 || !slices.Equal(w.Calls, []string{"cut default/web"}) {
		t.Errorf("%+v, calls %q", got, w.Calls)
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
		if got := w.Run(t, append(args, "--dry-run")...); got.Code != 0 || len(w.Calls) > 0 {
			t.Errorf("%v: exit %d, calls %q, stderr %q", args, got.Code, w.Calls, got.Err)
		}
	}
}

func TestTheFirstInterruptionStopsWhatWaits(t *testing.T) {
	w := newWorld()
	w.Hang = true
	var err bytes.Buffer
	a := w.App(term.New(nil, io.Discard, &err), func(string) string { return "" })
	n := w.needs(a)
	open := n.instance.Open
	n.instance.Open = func(ctx context.Context) (instance.Engine, error) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil { // the handler is there by now
			t.Error(err)
		}
		return open(ctx)
	}
	if code := a.Run(t.Context(), []string{"wait", "web"}, commands(a, n)...); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if got, want := err.String(), "stopping …\nholm: interrupted\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

func TestAHostileErrorStaysInItsLine(t *testing.T) {
	w := newWorld()
	w.FailWith = errors.New("guest says\n\x1b[2Jholm: all is well")
	got := w.Run(t, "show", "web")
	if want := "holm: guest says holm: all is well\n"; got.Err != want {
		t.Errorf("said %q, want %q", got.Err, want)
	}
}
