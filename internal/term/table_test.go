package term_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"holm/internal/term"
)

func instances() term.Table {
	row := func(name, tenant, state string, tone term.Tone, image, age, when string) []term.Cell {
		return []term.Cell{
			term.Text(name), term.Text(tenant),
			{Text: state, Tone: tone},
			term.Text("10.77.0.12"),
			term.Text("small"), term.Text("docker"), term.Text(image),
			{Text: age, Pipe: when},
		}
	}
	return term.Table{
		Columns: []term.Column{
			{Title: "NAME", Min: 8},
			{Title: "TENANT", Min: 7},
			{Title: "STATE"},
			{Title: "ADDRESS"},
			{Title: "FLAVOR", Spare: 2},
			{Title: "PROFILE", Spare: 1},
			{Title: "IMAGE", Min: 10},
			{Title: "AGE", Right: true},
		},
		Rows: [][]term.Cell{
			row("web", "default", "ready", term.Good, "debian-13", "2m", "2030-01-02T03:02:05Z"),
			row("build-with-a-name-of-forty-characters-xx", "acme", "failed", term.Broken, "debian-13 unlocked", "41d", "2029-11-22T03:04:05Z"),
		},
	}
}

func TestTable(t *testing.T) {
	for _, tc := range []struct {
		golden string
		person bool
		width  int
		style  term.Style
	}{
		{"table-wide.txt", true, 200, false},
		{"table-80.txt", true, 80, false},
		{"table-60.txt", true, 60, false},
		{"table-color.txt", true, 80, true},
		{"table-pipe.txt", false, 80, true},
	} {
		t.Run(tc.golden, func(t *testing.T) {
			var b strings.Builder
			if err := instances().Write(&b, tc.person, tc.width, tc.style); err != nil {
				t.Fatal(err)
			}
			golden(t, tc.golden, b.String())
		})
	}
}

func TestTableOfAnyWidthStaysWithinTheTerminal(t *testing.T) {
	for width := 60; width < 140; width++ {
		var b strings.Builder
		if err := instances().Write(&b, true, width, false); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			line = strings.TrimSuffix(line, "\n")
			if got := runewidth.StringWidth(line); got > width {
				t.Errorf("at width %d a line has %d columns: %q", width, got, line)
			}
			if strings.HasSuffix(line, " ") {
				t.Errorf("at width %d a line ends in blanks: %q", width, line)
			}
		}
	}
}

func TestHostileCellsStayInTheirLine(t *testing.T) {
	table := term.Table{
		Columns: []term.Column{{Title: "A"}, {Title: "B"}},
		Rows:    [][]term.Cell{{term.Text("x\ty\nz\x1b[2J"), {Text: "ok", Pipe: "p\tq\r\n"}}},
	}
	var b strings.Builder
	if err := table.Write(&b, false, 80, false); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "A\tB\nx y z\tp q\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheTableReportsAnOutputThatIsFull(t *testing.T) {
	full := errors.New("no space left on device")
	if err := instances().Write(failing{full}, true, 80, false); !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestFields(t *testing.T) {
	var f term.Fields
	f.Add("name", term.Text("web"))
	f.Add("failure", term.Cell{Tone: term.Broken})
	f.Add("created", term.Cell{Text: "2m ago", Pipe: "2030-01-02T03:02:05Z"})
	f.Add("found", term.Text(strings.Repeat("several words ", 8)))
	f.Add("host key", term.Text("ssh-ed25519 "+strings.Repeat("A", 80)))
	for name, person := range map[string]bool{"fields.txt": true, "fields-pipe.txt": false} {
		var b strings.Builder
		if err := f.Write(&b, person, 60, false); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
	}
}
