package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"holm"
	"holm/internal/debuglog"
	"holm/internal/term"
	"holm/provisioner/operations"
)

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

func TestTheDebugLogStandsAboveTheLineThatMoves(t *testing.T) {
	var out bytes.Buffer
	s := term.New(strings.NewReader(""), &out, &out)
	s.ErrTerminal = true
	steps := s.Steps(false)
	steps.Show(term.Step{Name: "booting", Phase: term.Begun})
	debuglog.New(s.Lines()).Debug("told")
	steps.Close()
	if want := "\r\x1b[Ktime="; !strings.Contains(out.String(), want) || !regexp.MustCompile(`msg=told\n [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] booting`).MatchString(out.String()) {
		t.Errorf("the terminal got %q", &out)
	}
}

func TestAHolmThatNobodyTellsItsVersionKnowsIt(t *testing.T) {
	if got := (&app{}).build().Version; !strings.HasPrefix(got, holm.Number()) {
		t.Errorf("it says %q, and the source is %q", got, holm.Number())
	}
}

func TestTheVersionThatTheLinkerSetsCounts(t *testing.T) {
	a := &app{version: "9.8.7"}
	if got := a.build().Version; got != "9.8.7" {
		t.Errorf("it says %q", got)
	}
}
