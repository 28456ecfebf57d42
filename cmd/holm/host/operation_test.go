package host

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holm/cmd/holm/clitest"
)

func TestTheLastOperationsAreListedAndThoseThatHaveNotEnded(t *testing.T) {
	w := newWorld()
	w.History = slices.Insert(w.History, 0, w.History[2]) // the oldest was abandoned
	for range 30 {
		w.History = append(w.History, w.History[1])
	}
	for _, c := range []struct {
		args []string
		want int
	}{{nil, 22}, {[]string{"--all"}, 34}} {
		got := w.Run(t, append([]string{"operation", "ls", "-o", "name"}, c.args...)...)
		if lines := strings.Count(got.Out, "\n"); lines != c.want || !strings.HasPrefix(got.Out, w.History[0].ID) {
			t.Errorf("%v: %d lines, want %d:\n%s", c.args, lines, c.want, got.Out)
		}
	}
}

func TestOperationsFitATerminal(t *testing.T) {
	w := newWorld()
	w.History[0].Name = strings.Repeat("n", 40)
	w.History[0].Ended = w.History[0].Started.Add(12*time.Minute + 34*time.Second)
	got := w.RunOn(t, clitest.Terminal(""), "operation", "ls")
	clitest.Golden(t, "operations.txt", got.Out)
	for line := range strings.Lines(got.Out) {
		if len([]rune(line)) > 81 {
			t.Errorf("more than 80 columns: %s", line)
		}
	}
	w.History = nil
	if got := w.RunOn(t, clitest.Terminal(""), "operation", "ls"); got.Out != "" || !strings.Contains(got.Err, "nothing was done yet; make an instance: holm create web") {
		t.Errorf("on an empty host: %s%s", got.Out, got.Err)
	}
}
