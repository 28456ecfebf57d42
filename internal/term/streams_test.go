package term_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/term"
)

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestColourIsOffWhenTheEnvironmentSaysSo(t *testing.T) {
	for _, tc := range []struct {
		name string
		env  map[string]string
		want bool
	}{
		{"nothing set", nil, true},
		{"NO_COLOR", map[string]string{"NO_COLOR": "1"}, false},
		{"an empty NO_COLOR counts for nothing", map[string]string{"NO_COLOR": ""}, true},
		{"a dumb terminal", map[string]string{"TERM": "dumb"}, false},
	} {
		if got := term.System(env(tc.env)).Color; got != tc.want {
			t.Errorf("%s: colour is %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestAPipeIsNeverColoured(t *testing.T) {
	s := term.New(nil, nil, nil)
	s.Color, s.ErrTerminal = true, true
	if got := s.OutStyle().Paint(term.Good, "ready"); got != "ready" {
		t.Errorf("stdout is a pipe and got %q", got)
	}
	if got, want := s.ErrStyle().Paint(term.Good, "ready"), "\x1b[32mready\x1b[0m"; got != want {
		t.Errorf("stderr is a terminal and got %q, want %q", got, want)
	}
}

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "n\n": false, "\n": false, "": false, "yet\n": false} {
		var asked bytes.Buffer
		got, err := term.New(strings.NewReader(answer), nil, &asked).Confirm(t.Context(), "remove web?")
		if err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", answer, got, err, want)
		}
		if asked.String() != "remove web? [y/N] " {
			t.Errorf("asked %q", asked.String())
		}
	}
}

func TestConfirmEndsWithTheContext(t *testing.T) {
	never, w := io.Pipe()
	defer func() { _ = w.Close() }()
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := term.New(never, nil, io.Discard).Confirm(ctx, "remove web?"); !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
}

func TestPrint(t *testing.T) {
	result := term.Result{
		Document: map[string]any{"name": "web", "vcpus": 2},
		People:   term.Fields{{Name: "name", Value: term.Text("web")}},
		Names:    []string{"web", "build\n"},
	}
	for format, want := range map[term.Format]string{
		term.AsTable: "name\tweb\n",
		term.AsJSON:  "{\n  \"name\": \"web\",\n  \"vcpus\": 2\n}\n",
		term.AsYAML:  "name: web\nvcpus: 2\n",
		term.AsName:  "web\nbuild\n",
	} {
		var out bytes.Buffer
		if err := term.New(nil, &out, nil).Print(format, result); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("-o %s: got %q, want %q", format, out.String(), want)
		}
	}
}

func TestParseFormatNamesTheChoices(t *testing.T) {
	if _, err := term.ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "table, json, yaml or name") {
		t.Errorf("got %v", err)
	}
}

func TestBarsInAPipeSayBeginAndEnd(t *testing.T) {
	var err bytes.Buffer
	bars := term.New(nil, nil, &err).Bars(t.Context())
	for _, done := range []int64{0, 50, 100, 100} {
		bars.Update("root", done, 100)
	}
	bars.Update("initrd", 0, 0)
	bars.Update("digests", 0, 0)
	bars.Close(false)
	want := []string{"root begun", "root done", "initrd begun", "initrd done", "digests begun"}
	var got []string
	for line := range strings.Lines(err.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBarsOnATerminalEndAndGiveItBack(t *testing.T) {
	var err bytes.Buffer
	s := term.New(nil, nil, &err)
	s.ErrTerminal = true
	bars := s.Bars(t.Context())
	bars.Update("root", 100, 100)
	bars.Update("kernel", 10, 100)
	bars.Update("digests", 0, 0)
	bars.Close(true)
	s.Say("after")
	if !strings.HasSuffix(err.String(), "after\n") {
		t.Errorf("the last line is not what was said last: %q", err.String())
	}
}
