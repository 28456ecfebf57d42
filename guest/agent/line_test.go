package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
)

func TestWhatIsReportedIsOneShortLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                {"", ""},
		"a line":                 {"cloud-init: no seed", "cloud-init: no seed"},
		"several lines":          {"a\nb\r\nc\td", "a b  c d"},
		"escapes of a terminal":  {"\x1b[31mred\x1b[0m\x07", " [31mred [0m "},
		"escapes of eight bits":  {"a\u009b31mb\u0085c\x7f", "a 31mb c "},
		"zeros":                  {"a\x00b", "a b"},
		"another script":         {"Åse på øya → ok", "Åse på øya → ok"},
		"what is not UTF-8":      {"a\xffb", "a\ufffdb"},
		"a hundred characters":   {strings.Repeat("ø", 100), strings.Repeat("ø", 100)},
		"a hundred and one":      {strings.Repeat("ø", 101), strings.Repeat("ø", 100)},
		"a MiB of line ends":     {strings.Repeat("\n", 1<<20), strings.Repeat(" ", 100)},
		"a MiB that is not text": {strings.Repeat("\xff", 1<<20), strings.Repeat("\ufffd", 100)},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, oneLine(c.text, 100)); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

// many makes checks whose texts come from somebody who writes as much as there is room for.
func many(n int, text string) []report.Check {
	var all []report.Check
	for i := range n {
		all = append(all, report.Check{ID: fmt.Sprintf("check-%d", i), Outcome: report.Failed, Tried: text, Found: text})
	}
	return all
}

func TestALineIsNeverLongerThanTheHostReads(t *testing.T) {
	subjects := func(n int) *report.Capabilities {
		c := &report.Capabilities{Watched: 5}
		for i := range n {
			c.Subject = append(c.Subject, report.Consumer{Kind: "process", Name: strings.Repeat("x", 200), PIDs: []int{i}})
		}
		return c
	}
	for name, c := range map[string]struct {
		r             report.Report
		text, subject int // runes of each check's texts, and subjects, that are left
	}{
		"short texts stay":                     {report.Report{Checks: many(40, "EROFS")}, 5, 0},
		"long ones of a few checks":            {report.Report{Checks: many(3, strings.Repeat("a", 1<<20))}, 300, 0},
		"long ones of many checks":             {report.Report{Checks: many(200, strings.Repeat("a", 1<<20))}, 75, 0},
		"those that JSON makes six times long": {report.Report{Checks: many(40, strings.Repeat("<", 1000))}, 75, 0},
		"a word of very many":                  {report.Report{Checks: many(700, "<<<<<<<<")}, 2, 0},
		"some subjects stay":                   {report.Report{Capabilities: subjects(100)}, 0, 100},
		"many are left out":                    {report.Report{Capabilities: subjects(1000)}, 0, 123},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(c.r.Checks)
			line, err := encode(c.r)
			if err != nil {
				t.Fatal(err)
			}
			if len(line) > report.MaxLine || bytes.Count(line, []byte("\n")) != 1 || line[len(line)-1] != '\n' {
				t.Fatalf("a line of %d bytes", len(line))
			}
			var got report.Report
			if err := json.Unmarshal(line, &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Checks) != before {
				t.Fatalf("of %d checks %d are left", before, len(got.Checks))
			}
			for _, check := range got.Checks {
				if utf8.RuneCountInString(check.Found) > c.text || utf8.RuneCountInString(check.Tried) > c.text {
					t.Fatalf("%s found %d runes, want %d", check.ID, utf8.RuneCountInString(check.Found), c.text)
				}
			}
			if want := c.r.Capabilities; want != nil {
				if n := len(got.Capabilities.Subject); n+got.Capabilities.Dropped != len(want.Subject) || n > c.subject || n < c.subject/2 {
					t.Errorf("%d subjects are left, %d dropped", n, got.Capabilities.Dropped)
				}
			}
		})
	}
	if _, err := encode(report.Report{Checks: many(5000, "")}); err == nil {
		t.Error("an answer that does not fit is no error")
	}
}

func TestWhatIsCutStaysWholeForItsOwner(t *testing.T) {
	r := report.Report{Checks: many(1, "a\nb"), Capabilities: &report.Capabilities{Subject: make([]report.Consumer, 4)}}
	shorten(r, 0)
	if r.Checks[0].Found != "a\nb" || len(r.Capabilities.Subject) != 4 || r.Capabilities.Dropped != 0 {
		t.Errorf("it is %+v now", r)
	}
}

// Much of what a report says is quoted from a daemon or a container of the instance's user.
func FuzzEncode(f *testing.F) {
	f.Add("plain", 3)
	f.Add("\x00\xff\n<>&\u2028", 500)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n = min(max(n, 0), 300)
		line, err := encode(report.Report{Note: text, Checks: many(n, text)})
		if err != nil {
			t.Fatal(err)
		}
		var got report.Report
		if err := json.Unmarshal(line, &got); err != nil || len(line) > report.MaxLine || len(got.Checks) != n {
			t.Fatalf("%d bytes, %d of %d checks: %v", len(line), len(got.Checks), n, err)
		}
		if strings.ContainsFunc(got.Note, unicode.IsControl) {
			t.Errorf("note is %q", got.Note)
		}
	})
}
