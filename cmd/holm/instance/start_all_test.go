package instance

import (
	"slices"
	"strings"
	"testing"

	"holm/provisioner/hypervisor"
)

func TestWhatRanIsStartedAndPrinted(t *testing.T) {
	w := newWorld()
	w.Instances[2].DomainState = hypervisor.Off
	if got := w.Run(t, "start", "--all", "--dry-run"); got.Code != 0 || !strings.Contains(got.Err, "would start default/web") {
		t.Errorf("ended with %d and %q", got.Code, got.Err)
	}
	got := w.Run(t, "start", "--all")
	if got.Code != 0 || !strings.Contains(got.Out, "web\tdefault") || !slices.Contains(w.Calls, "start default/web") {
		t.Errorf("ended with %d, %q, calls %q", got.Code, got.Out, w.Calls)
	}
}

func TestWhatRunsIsStoppedWithTheHostAndPrinted(t *testing.T) {
	w := newWorld()
	got := w.Run(t, "stop", "--all", "--dry-run")
	if got.Code != 0 || !strings.Contains(got.Err, "would stop default/web") || len(w.Calls) > 0 {
		t.Errorf("ended with %d and %q", got.Code, got.Err)
	}
	got = w.Run(t, "stop", "--all")
	if got.Code != 0 || !strings.Contains(got.Out, "web\tdefault") || !slices.Contains(w.Calls, "stop default/web") {
		t.Errorf("ended with %d, %q, calls %q", got.Code, got.Out, w.Calls)
	}
	for _, args := range [][]string{{"stop", "--all", "web"}, {"stop", "--all", "--force"}, {"stop"}} {
		if got := w.Run(t, args...); got.Code != 2 {
			t.Errorf("%v ended with %d", args, got.Code)
		}
	}
}
