package agent

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
)

func TestTheBoardHoldsTheLatestReport(t *testing.T) {
	b := testBoard()
	first, changed := b.read()
	if diff := cmp.Diff(report.Report{Version: report.Version, Stage: report.StageBoot, Kernel: "6.12.1"}, first); diff != "" {
		t.Errorf("before anything has happened (-want +got):\n%s", diff)
	}
	select {
	case <-changed:
		t.Error("it has changed before anybody changed it")
	default:
	}

	checks := []report.Check{{ID: "host-key", OK: true, Found: "ed25519"}}
	b.set(report.StageReady, "all\nis well", checks)
	<-changed
	checks[0].OK = false // the caller's slice is the caller's
	want := report.Report{
		Version: report.Version, Stage: report.StageReady, Note: "all is well", Kernel: "6.12.1",
		Checks: []report.Check{{ID: "host-key", OK: true, Found: "ed25519"}},
	}
	second, again := b.read()
	if diff := cmp.Diff(want, second); diff != "" {
		t.Errorf("after a change (-want +got):\n%s", diff)
	}
	select {
	case <-again:
		t.Error("what was read last is out of date at once")
	default:
	}
	if diff := cmp.Diff(report.StageBoot, first.Stage); diff != "" {
		t.Errorf("the first report has changed (-want +got):\n%s", diff)
	}
}

func TestAStageWithoutChecksHasNone(t *testing.T) {
	b := testBoard()
	b.set(report.StageFailed, "", []report.Check{{ID: "x"}})
	b.set(report.StageDocker, "", nil)
	if r, _ := b.read(); r.Checks != nil {
		t.Errorf("checks of an earlier stage are left: %v", r.Checks)
	}
}

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
		"a thousand characters":  {strings.Repeat("ø", 1000), strings.Repeat("ø", 1000)},
		"a thousand and one":     {strings.Repeat("ø", 1001), strings.Repeat("ø", 1000)},
		"a MiB of line ends":     {strings.Repeat("\n", 1<<20), strings.Repeat(" ", 1000)},
		"a MiB that is not text": {strings.Repeat("\xff", 1<<20), strings.Repeat("\ufffd", 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, oneLine(c.text)); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

// The daemon whose answer a check quotes belongs to the instance's user, who may answer what they like.
func TestWhatAChecksFoundIsCutToo(t *testing.T) {
	b := testBoard()
	b.set(report.StageFailed, "", []report.Check{{ID: "docker-rootless", Found: strings.Repeat("a\n", 1<<20)}})
	r, _ := b.read()
	if found := r.Checks[0].Found; utf8.RuneCountInString(found) != 1000 || strings.Contains(found, "\n") {
		t.Errorf("it found %d bytes", len(found))
	}
}
