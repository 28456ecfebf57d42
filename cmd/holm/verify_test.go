package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/verify"
)

// sampleVerdict has one result of each outcome but a failure.
func sampleVerdict() verify.Verdict {
	return verify.Verdict{Results: []verify.Result{
		{ID: "root-readonly", Side: verify.Guest, Source: "holm", Promise: "the root cannot be written to", Outcome: report.Passed, Tried: "write to /, /usr and /boot as root", Found: "EROFS, EROFS, EROFS", Millis: 12},
		{ID: "docker-rootless", Side: verify.Guest, Source: "Docker bench 2.1", Promise: "dockerd is not root", Outcome: report.Passed, Tried: "look at dockerd", Found: "uid 1000 in a user namespace of its own, as are all of its containers and everything below them", Millis: 3},
		{ID: "qemu-apparmor", Side: verify.Host, Source: "holm", Promise: "QEMU is confined", Outcome: report.NotApplicable, Tried: "AppArmor label of QEMU", Found: "the host's kernel has no AppArmor"},
		{ID: "firewall", Side: verify.Network, Source: "CIS Debian 4.3", Promise: "no port is open", Outcome: report.Passed, Tried: "connect to port 40001", Found: "no answer within 2s", Millis: 2001},
	}}
}

// brokenVerdict has two results that do not hold.
func brokenVerdict() verify.Verdict {
	v := sampleVerdict()
	v.Results[0].Outcome, v.Results[0].Found = report.Failed, "written \x1b[2J<&\x01"
	v.Results[3].Outcome, v.Results[3].Found = report.Inconclusive, "control: port 22 cannot be reached either"
	return v
}

func TestAVerdictIsPrintedWithin80Columns(t *testing.T) {
	for name, verdict := range map[string]verify.Verdict{"verify.txt": sampleVerdict(), "verify-broken.txt": brokenVerdict()} {
		w := newWorld()
		w.verdict = verdict
		got := w.runOn(t, func(s *term.Streams) { s.OutTerminal = true }, "verify", "web", "-q")
		golden(t, name, got.out)
		for line := range strings.Lines(got.out) {
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
		change(&w.verdict.Results[1])
		got := w.run(t, "verify", "web", "-o", "json")
		if got.code != int(fault.CheckFailed) || got.err != "" || !strings.Contains(got.out, `"holds": false`) {
			t.Errorf("exit %d\n%s\n%s", got.code, got.out, got.err)
		}
	}
}

func TestVerifyOfSeveralGoesOnPastErrors(t *testing.T) {
	w := newWorld()
	got := w.run(t, "verify", "nobody", "web", "off")
	if got.code != int(fault.NotFound) || !strings.Contains(got.out, "web\tguest\troot-readonly\tpass") || !strings.Contains(got.out, "off\thost\tqemu-apparmor\tn/a") {
		t.Errorf("exit %d\n%s\n%s", got.code, got.out, got.err)
	}
	w.verdict = brokenVerdict()
	got = w.run(t, "verify", "nobody", "web", "-o", "name")
	if got.code != int(fault.Failure) || got.out != "web/root-readonly\nweb/firewall\n" || !strings.Contains(got.err, "nobody") {
		t.Errorf("exit %d\n%s\n%s", got.code, got.out, got.err)
	}
}

func TestTheJUnitReportIsReadBack(t *testing.T) {
	w := newWorld()
	w.verdict = brokenVerdict()
	file := filepath.Join(t.TempDir(), "verify.xml")
	if got := w.run(t, "verify", "web", "--junit", file, "-q"); got.code != int(fault.CheckFailed) || got.out == "" {
		t.Errorf("exit %d\n%s\n%s", got.code, got.out, got.err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "verify.junit.xml", string(content))
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
	if got := w.run(t, "verify", "web", "--junit", "-"); got.out != string(content) {
		t.Errorf("on stdout it is another one: %s", got.out)
	}
	if got := w.run(t, "verify", "web", "--junit", filepath.Join(file, "x")); got.code != int(fault.Failure) || !strings.Contains(got.err, "--junit") {
		t.Errorf("exit %d\n%s", got.code, got.err)
	}
}

func TestWhatIsNotVerifiedSaysSo(t *testing.T) {
	w := newWorld()
	web := &w.instances[2]
	web.Unverified, web.ChecksPassed, web.ChecksTotal = true, 0, 0
	if got := w.run(t, "show", "web"); !strings.Contains(got.out, "checks\tnot verified (--no-verify)\n") {
		t.Error(got.out)
	}
	if got := w.run(t, "ls"); !strings.Contains(got.out, "\tnone\n") {
		t.Error(got.out)
	}
	web.ChecksPassed, web.ChecksTotal = 22, 24
	if got := w.run(t, "show", "web"); !strings.Contains(got.out, "checks\t22/24 (not asked at the start: --no-verify)\n") {
		t.Error(got.out)
	}
	if w.run(t, "create", "db", "--no-verify"); !w.wanted.NoVerify {
		t.Error("--no-verify did not get through")
	}
}
