package instance

import (
	"strings"
	"testing"
)

func TestWhatIsNotVerifiedSaysSo(t *testing.T) {
	w := newWorld()
	web := &w.Instances[2]
	web.Unverified, web.ChecksPassed, web.ChecksTotal = true, 0, 0
	if got := w.Run(t, "show", "web"); !strings.Contains(got.Out, "checks\tnot verified (--no-verify)\n") {
		t.Error(got.Out)
	}
	if got := w.Run(t, "ls"); !strings.Contains(got.Out, "\tnone\n") {
		t.Error(got.Out)
	}
	web.ChecksPassed, web.ChecksTotal = 22, 24
	if got := w.Run(t, "show", "web"); !strings.Contains(got.Out, "checks\t22/24 (not asked at the start: --no-verify)\n") {
		t.Error(got.Out)
	}
	if w.Run(t, "create", "db", "--no-verify"); !w.Wanted.NoVerify {
		t.Error("--no-verify did not get through")
	}
}
