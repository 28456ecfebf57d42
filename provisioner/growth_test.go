package provisioner_test

import (
	"io"
	"strings"
	"testing"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/operations"
)

func TestAGuestIsToldHowLargeItsDiskIsAndSaysWhatBecameOfIt(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	var told []string
	_, err := w.holm().Instances.Resize(t.Context(), "default", "web", 30, texts("file system", &told))
	must(t, err)
	if len(told) != 1 || told[0] != "15.0 GiB → 30.0 GiB, as the guest says" {
		t.Errorf("told was %q", told)
	}
}

func TestADiskThatHasGrownWithoutItsFileSystemIsSaid(t *testing.T) {
	older := report.Report{Stage: report.StageFailed, Note: `this image cannot answer "grow":\x1b[2J it is older than its host`}
	for name, c := range map[string]struct {
		answers []report.Report
		says    string
	}{
		"an older image":    {[]report.Report{older}, "is older than its host"},
		"no size in it":     {[]report.Report{{Stage: report.StageChecked}}, "does not say how large it is"},
		"a failing kernel":  {[]report.Report{{Stage: report.StageFailed, Note: "input/output error"}}, "input/output error"},
		"something between": {[]report.Report{{Stage: report.StageChecking}, {Stage: report.StageFailed, Note: "late"}}, "late"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.created("web")
			must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
			w.play(func(uuid string, port io.ReadWriter) {
				for q := range questions(port) {
					if q.Ask != report.AskGrow {
						_ = writeReport(port, q, map[string]report.Report{"": readyReport(), report.AskChecks: checkedReport()}[q.Ask])
						continue
					}
					for _, r := range c.answers {
						_ = writeReport(port, q, r)
					}
				}
			})
			_, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
			must(t, err)
			_, err = w.holm().Instances.Resize(t.Context(), "default", "web", 30, nil)
			refused(t, err, fault.Failure, "its file system has not", c.says, "holm restart web")
			if strings.Contains(err.Error(), "\x1b") || w.record().Flavor.DiskGiB != 30 {
				t.Errorf("it says %q, and the record has %d GiB", err, w.record().Flavor.DiskGiB)
			}
		})
	}
}

func TestAGuestThatIsOffIsNotAsked(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	var steps []string
	_, err := w.holm().Instances.Resize(t.Context(), "default", "web", 30, func(e operations.Event) { steps = append(steps, e.Step) })
	must(t, err)
	if strings.Contains(strings.Join(steps, " "), "file system") {
		t.Errorf("the steps were %q", steps)
	}
}
