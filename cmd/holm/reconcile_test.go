package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
)

// afterDeaths is a world in which holms have died, and more has happened.
func afterDeaths() *world {
	w := newWorld()
	op := w.history[2]
	op.Status, op.Error, op.Ended = model.Stuck, "its process ended without writing down how: the instance was left unfinished (creating)", now
	w.closed = []operations.Closed{{Operation: op, Remedy: "remove what there is: holm rm build --tenant acme"}}
	w.wrecks = []operations.Ended{{Tenant: "acme", Name: "build", What: "was left unfinished (creating): remove what there is: holm rm build --tenant acme"}}
	w.drifted = []operations.Ended{{Tenant: "default", Name: "off", What: "was switched off from within"}}
	w.paused = []instances.Paused{{Tenant: "default", Name: "web", Pool: "fast", Why: "its pool is full"}}
	w.rebuilt = []networks.Rebuilt{{Network: "holm-default", What: "there is no table"}}
	return w
}

func TestADryRunOfReconcileSaysAllAndChangesNothing(t *testing.T) {
	w := afterDeaths()
	got := w.runOn(t, terminal(""), "reconcile", "--dry-run")
	if got.code != 0 || len(w.calls) != 0 || w.kept != 0 {
		t.Errorf("exit %d, called %v, rules put back %d times", got.code, w.calls, w.kept)
	}
	golden(t, "reconcile.txt", got.err+got.out)
	for line := range strings.Lines(got.out) {
		if len([]rune(line)) > 81 {
			t.Errorf("more than 80 columns: %s", line)
		}
	}
}

func TestReconcileClosesAndEndsWith3WhenSomethingIsLeft(t *testing.T) {
	w := afterDeaths()
	got := w.run(t, "reconcile", "-o", "json")
	if got.code != int(fault.Leftover) || !slices.Equal(w.calls, []string{"close operations", "reconcile"}) || w.kept != 1 {
		t.Errorf("exit %d, called %v, rules put back %d times: %s", got.code, w.calls, w.kept, got.err)
	}
	var doc reconciled
	if err := json.Unmarshal([]byte(got.out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.DryRun || len(doc.Operations) != 1 || doc.Operations[0].Remedy == "" || len(doc.Unfinished) != 1 || len(doc.Paused) != 1 || len(doc.Networks) != 1 {
		t.Errorf("it says %+v", doc)
	}
	got = afterDeaths().run(t, "reconcile", "-o", "json", "--state", "/srv/x")
	if n := strings.Count(got.out, "holm --state /srv/x rm build --tenant acme"); n != 2 {
		t.Errorf("%d of 2 remedies work when pasted:\n%s", n, got.out)
	}
	w = newWorld()
	if got := w.run(t, "reconcile"); got.code != 0 {
		t.Errorf("when nothing is left: exit %d, %s", got.code, got.err)
	}
}

func TestWhatKeepsEachPartFromBeingMendedIsSaidOnce(t *testing.T) {
	w := newWorld()
	w.failWith = fault.New(fault.Unfit, "start it", "libvirt is away")
	got := w.run(t, "reconcile")
	if got.code != int(fault.Unfit) || strings.Count(got.err, "libvirt is away") != 1 {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	w = newWorld()
	w.rebuilt = []networks.Rebuilt{{Network: "holm-default", What: "there is no table", Err: errors.New("nft is away")}}
	if got := w.run(t, "reconcile"); got.code != 1 || !strings.Contains(got.out, "could not be put back") || !strings.Contains(got.err, "nft is away") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
}

func TestTheTimerClosesOperationsAsWell(t *testing.T) {
	w := afterDeaths()
	got := w.run(t, "pool", "check", "--news")
	if got.code != 0 || !slices.Contains(w.calls, "close operations") || !strings.Contains(got.err, "operation 18c2f4a1b2c3d4e7-01cd (start of acme/build)") {
		t.Errorf("exit %d, called %v: %s", got.code, w.calls, got.err)
	}
	w = afterDeaths()
	if w.run(t, "pool", "check"); slices.Contains(w.calls, "close operations") {
		t.Error("a look at the pools has closed operations")
	}
}
