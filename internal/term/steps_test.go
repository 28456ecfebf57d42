package term_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holm/internal/term"
)

// create plays the steps of a create that fails and is undone.
func create(steps *term.Steps) {
	steps.Show(term.Step{Name: "reserved", Phase: term.Begun})
	steps.Show(term.Step{Name: "reserved", Phase: term.Finished, Text: "10.77.0.12  52:54:00:4e:11:0c", Elapsed: 3 * time.Millisecond})
	steps.Show(term.Step{Name: "volume", Phase: term.Begun})
	steps.Show(term.Step{Name: "seed", Phase: term.Begun})
	steps.Show(term.Step{Name: "volume", Phase: term.Finished, Text: "20 GiB"})
	steps.Show(term.Step{Name: "seed", Phase: term.Finished, Text: "9 KiB"})
	steps.Show(term.Step{Name: "booting", Phase: term.Begun})
	steps.Show(term.Step{Name: "booting", Phase: term.Noted, Text: "guest: cloud-init"})
	<-time.After(1100 * time.Millisecond) // of the bubble's clock
	steps.Show(term.Step{Name: "booting", Phase: term.Noted, Text: "guest: \x1b[2Jdocker"})
	steps.Show(term.Step{Name: "booting", Phase: term.Failed, Text: "the guest stopped", Elapsed: 31 * time.Second})
	steps.Show(term.Step{Name: "volume", Phase: term.Undone})
}

func TestStepsInAPipe(t *testing.T) {
	for _, tc := range []struct {
		golden  string
		verbose bool
	}{{"steps-pipe.txt", false}, {"steps-pipe-verbose.txt", true}} {
		synctest.Test(t, func(t *testing.T) {
			var out, err bytes.Buffer
			steps := term.New(nil, &out, &err).Steps(tc.verbose)
			create(steps)
			steps.Close()
			golden(t, tc.golden, err.String())
			if out.Len() > 0 {
				t.Errorf("talk went to stdout: %q", out.String())
			}
		})
	}
}

func TestStepsOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err bytes.Buffer
		s := term.New(nil, nil, &err)
		s.ErrTerminal, s.Width, s.Color = true, 40, true
		steps := s.Steps(false)
		create(steps)
		steps.Close()
		golden(t, "steps-terminal.txt", strings.ReplaceAll(strings.ReplaceAll(err.String(), "\r", "⏎\n"), "\x1b", "␛"))
		if !strings.HasSuffix(err.String(), "\r\x1b[K") && !strings.HasSuffix(err.String(), "\n") {
			t.Errorf("the moving line was left behind: %q", err.String())
		}
	})
}

func TestWhatIsSaidStandsAboveTheLineThatMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err bytes.Buffer
		s := term.New(nil, nil, &err)
		s.ErrTerminal = true
		steps := s.Steps(false)
		steps.Show(term.Step{Name: "booting", Phase: term.Begun})
		err.Reset()
		s.Say("stopping …")
		if got, want := err.String(), "\r\x1b[Kstopping …\n ⠋ booting"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		steps.Close()
	})
}
