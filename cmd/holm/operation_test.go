package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holm/internal/fault"
)

func TestTheLastOperationsAreListedAndThoseThatHaveNotEnded(t *testing.T) {
	w := newWorld()
	w.history = slices.Insert(w.history, 0, w.history[2]) // the oldest was abandoned
	for range 30 {
		w.history = append(w.history, w.history[1])
	}
	for _, c := range []struct {
		args []string
		want int
	}{{nil, 22}, {[]string{"--all"}, 34}} {
		got := w.run(t, append([]string{"operation", "ls", "-o", "name"}, c.args...)...)
		if lines := strings.Count(got.out, "\n"); lines != c.want || !strings.HasPrefix(got.out, w.history[0].ID) {
			t.Errorf("%v: %d lines, want %d:\n%s", c.args, lines, c.want, got.out)
		}
	}
}

func TestOperationsFitATerminal(t *testing.T) {
	w := newWorld()
	w.history[0].Name = strings.Repeat("n", 40)
	w.history[0].Ended = w.history[0].Started.Add(12*time.Minute + 34*time.Second)
	got := w.runOn(t, terminal(""), "operation", "ls")
	golden(t, "operations.txt", got.out)
	for line := range strings.Lines(got.out) {
		if len([]rune(line)) > 81 {
			t.Errorf("more than 80 columns: %s", line)
		}
	}
	w.history = nil
	if got := w.runOn(t, terminal(""), "operation", "ls"); got.out != "" || !strings.Contains(got.err, "nothing was done yet; make an instance: holm create web") {
		t.Errorf("on an empty host: %s%s", got.out, got.err)
	}
}

func TestAVerbThatChangesAnInstanceNamesItsOperation(t *testing.T) {
	for line, want := range map[string]string{
		"create new":               "create",
		"start off":                "start",
		"stop web":                 "stop",
		"restart web":              "start",
		"resize web --disk 30G":    "resize",
		"rebuild web --keep-state": "rebuild",
		"rm --yes web":             "destroy",
		"wait web":                 "",
		"show web":                 "",
	} {
		words := strings.Fields(line)
		got := newWorld().run(t, append(words, "-o", "json")...)
		if named := `"operation": "id-of-` + want + `"`; got.code != 0 || strings.Contains(got.out, named) != (want != "") ||
			want == "" && strings.Contains(got.out, `"operation"`) {
			t.Errorf("%s: exit %d, want %q in\n%s%s", line, got.code, named, got.out, got.err)
		}
		quiet, more := newWorld().runOn(t, terminal(""), words...), newWorld().runOn(t, terminal(""), append(words, "-v")...)
		if said := "operation id-of-" + want; strings.Contains(quiet.err, "operation id") || strings.Contains(more.err, said) != (want != "") {
			t.Errorf("%s: with -v %q, without %q", line, more.err, quiet.err)
		}
	}
}

func TestAVerbThatFailsNamesItsOperationToWhoWantsToKnowMore(t *testing.T) {
	w := newWorld()
	got := w.runOn(t, terminal(""), "stop", "web", "none", "-v")
	if got.code != int(fault.NotFound) || !strings.Contains(got.err, "operation id-of-stop  stop of default/web") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
}
