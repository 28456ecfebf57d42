package cli

import (
	"bytes"
	"context"
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
		a := &App{Lists: Lists{Instances: func(ctx context.Context, _ string) ([]string, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}}
		cmd := &cobra.Command{}
		cmd.SetContext(t.Context())
		got, _ := a.CompleteInstances(0)(cmd, nil, "")
		if len(got) > 0 || time.Since(begin) != completionBudget {
			t.Errorf("offered %q after %v", got, time.Since(begin))
		}
	})
}

func TestCommandsToPasteCarryWhatIsNotTheDefault(t *testing.T) {
	a := &App{Getenv: func(name string) string { return map[string]string{"SUDO_USER": "kari", "HOLM_STATE": "/s"}[name] }}
	a.Settings = Settings{Tenant: "acme", State: "/my state", Connect: defaultConnect}
	if got, want := a.Command("ssh", "web"), "sudo holm ssh web --tenant acme --state '/my state'"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	a.Settings = Settings{State: "/s", Connect: defaultConnect}
	if got, want := a.Command("ls"), "sudo holm ls"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnObserverIsOnlyThereWhenSomebodyReads(t *testing.T) {
	for name, s := range map[string]Settings{"quiet": {Quiet: true}, "a program reads JSON": {Output: term.AsJSON}} {
		a := &App{Streams: term.New(nil, nil, io.Discard), Settings: s}
		if observer, done := a.Watch(); observer != nil {
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
	if got := (&App{}).Build().Version; !strings.HasPrefix(got, holm.Number()) {
		t.Errorf("it says %q, and the source is %q", got, holm.Number())
	}
}

func TestTheVersionThatTheLinkerSetsCounts(t *testing.T) {
	a := &App{Version: "9.8.7"}
	if got := a.Build().Version; got != "9.8.7" {
		t.Errorf("it says %q", got)
	}
}
