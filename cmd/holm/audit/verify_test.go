package audit

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/cmd/holm/clitest"
	"holm/guest/report"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/verify"
)

// brokenVerdict has two results that do not hold.
func brokenVerdict() verify.Verdict {
	v := clitest.SampleVerdict()
	v.Results[0].Outcome, v.Results[0].Found = report.Failed, "written \x1b[2J<&\x01"
	v.Results[3].Outcome, v.Results[3].Found = report.Inconclusive, "control: port 22 cannot be reached either"
	return v
}

func TestAVerdictIsPrintedWithin80Columns(t *testing.T) {
	for name, verdict := range map[string]verify.Verdict{"verify.txt": clitest.SampleVerdict(), "verify-broken.txt": brokenVerdict()} {
		w := newWorld()
		w.Verdict = verdict
		got := w.RunOn(t, func(s *term.Streams) { s.OutTerminal = true }, "verify", "web", "-q")
		clitest.Golden(t, name, got.Out)
		for line := range strings.Lines(got.Out) {
			if len([]rune(strings.TrimRight(line, "\n"))) > 80 {
				t.Errorf("more than 80 columns: %q", line)
			}
		}
	}
}

func TestVerifyEndsWith8WhenNotAllHolds(t *testing.T) {
	for _, change := range []func(r *verify.Result){
		func(r *verify.Result) { r.Outcome = report.Failed },
		func(r *verify.Result) { r.Outcome = report.Inconclusive },
		func(r *verify.Result) { r.Outcome = "better than ever" },
	} {
		w := newWorld()
		change(&w.Verdict.Results[1])
		got := w.Run(t, "verify", "web", "-o", "json")
		if got.Code != int(fault.CheckFailed) || got.Err != "" || !strings.Contains(got.Out, `"holds": false`) {
			t.Errorf("exit %d\n%s\n%s", got.Code, got.Out, got.Err)
		}
	}
}

func TestVerifyOfSeveralGoesOnPastErrors(t *testing.T) {
	w := newWorld()
	got := w.Run(t, "verify", "nobody", "web", "off")
	if got.Code != int(fault.NotFound) || !strings.Contains(got.Out, "web\tguest\troot-readonly\tpass") || !strings.Contains(got.Out, "off\thost\tqemu-apparmor\tn/a") {
		t.Errorf("exit %d\n%s\n%s", got.Code, got.Out, got.Err)
	}
	w.Verdict = brokenVerdict()
	got = w.Run(t, "verify", "nobody", "web", "-o", "name")
	if got.Code != int(fault.Failure) || got.Out != "web/root-readonly\nweb/firewall\n" || !strings.Contains(got.Err, "nobody") {
		t.Errorf("exit %d\n%s\n%s", got.Code, got.Out, got.Err)
	}
}

func TestTheJUnitReportIsReadBack(t *testing.T) {
	w := newWorld()
	w.Verdict = brokenVerdict()
	file := filepath.Join(t.TempDir(), "verify.xml")
	if got := w.Run(t, "verify", "web", "--junit", file, "-q"); got.Code != int(fault.CheckFailed) || got.Out == "" {
		t.Errorf("exit %d\n%s\n%s", got.Code, got.Out, got.Err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	clitest.Golden(t, "verify.junit.xml", string(content))
	var back junitSuites
	if err := xml.Unmarshal(content, &back); err != nil {
		t.Fatal(err)
	}
	s := back.Suites[0]
	if s.Tests != 4 || s.Failures != 1 || s.Errors != 1 || s.Skipped != 1 || len(s.Cases) != 4 {
		t.Errorf("%+v", s)
	}
	if c := s.Cases; c[0].Failure == nil || c[1].Failure != nil || c[2].Skipped == nil || c[3].Error == nil {
		t.Errorf("%+v", c)
	}
	if got := w.Run(t, "verify", "web", "--junit", "-"); got.Out != string(content) {
		t.Errorf("on stdout it is another one: %s", got.Out)
	}
	if got := w.Run(t, "verify", "web", "--junit", filepath.Join(file, "x")); got.Code != int(fault.Failure) || !strings.Contains(got.Err, "--junit") {
		t.Errorf("exit %d\n%s", got.Code, got.Err)
	}
}
