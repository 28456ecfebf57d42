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

	"holm/internal/term"
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
	if code := a.run(t.Context(), []string{"wait", "web"}, commands(a)...); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if got, want := err.String(), "stopping …\nholm: interrupted\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

func TestAHostileErrorStaysInItsLine(t *testing.T) {
	w := newWorld()
	w.failWith = errors.New("guest says\n\x1b[2Jholm: all is well")
	got := w.run(t, "show", "web")
	if want := "holm: guest says holm: all is well\n"; got.err != want {
		t.Errorf("said %q, want %q", got.err, want)
	}
}
