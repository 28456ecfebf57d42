package host

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"holm/cmd/holm/clitest"
	"holm/internal/fault"
	"holm/provisioner/networks"
)

func TestADryRunOfReconcileSaysAllAndChangesNothing(t *testing.T) {
	w := &world{clitest.AfterDeaths()}
	got := w.RunOn(t, clitest.Terminal(""), "reconcile", "--dry-run")
	if got.Code != 0 || len(w.Calls) != 0 || w.Kept != 0 {
		t.Errorf("exit %d, called %v, rules put back %d times", got.Code, w.Calls, w.Kept)
	}
	clitest.Golden(t, "reconcile.txt", got.Err+got.Out)
	for line := range strings.Lines(got.Out) {
		if len([]rune(line)) > 81 {
			t.Errorf("more than 80 columns: %s", line)
		}
	}
}

func TestReconcileClosesAndEndsWith3WhenSomethingIsLeft(t *testing.T) {
	w := &world{clitest.AfterDeaths()}
	got := w.Run(t, "reconcile", "-o", "json")
	if got.Code != int(fault.Leftover) || !slices.Equal(w.Calls, []string{"close operations", "reconcile"}) || w.Kept != 1 {
		t.Errorf("exit %d, called %v, rules put back %d times: %s", got.Code, w.Calls, w.Kept, got.Err)
	}
	var doc reconciled
	if err := json.Unmarshal([]byte(got.Out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.DryRun || len(doc.Operations) != 1 || doc.Operations[0].Remedy == "" || len(doc.Unfinished) != 1 || len(doc.Paused) != 1 || len(doc.Networks) != 1 {
		t.Errorf("it says %+v", doc)
	}
	got = (&world{clitest.AfterDeaths()}).Run(t, "reconcile", "-o", "json", "--state", "/srv/x")
	if n := strings.Count(got.Out, "holm --state /srv/x rm build --tenant acme"); n != 2 {
		t.Errorf("%d of 2 remedies work when pasted:\n%s", n, got.Out)
	}
	w = newWorld()
	if got := w.Run(t, "reconcile"); got.Code != 0 {
		t.Errorf("when nothing is left: exit %d, %s", got.Code, got.Err)
	}
}

func TestWhatKeepsEachPartFromBeingMendedIsSaidOnce(t *testing.T) {
	w := newWorld()
	w.FailWith = fault.New(fault.Unfit, "start it", "libvirt is away")
	got := w.Run(t, "reconcile")
	if got.Code != int(fault.Unfit) || strings.Count(got.Err, "libvirt is away") != 1 {
		t.Errorf("exit %d: %s", got.Code, got.Err)
	}
	w = newWorld()
	w.Rebuilt = []networks.Rebuilt{{Network: "holm-default", What: "there is no table", Err: errors.New("nft is away")}}
	if got := w.Run(t, "reconcile"); got.Code != 1 || !strings.Contains(got.Out, "could not be put back") || !strings.Contains(got.Err, "nft is away") {
		t.Errorf("exit %d: %s%s", got.Code, got.Out, got.Err)
	}
}
