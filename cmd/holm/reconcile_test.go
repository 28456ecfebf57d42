package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

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

func TestTheLastOperationsAreListedAndThoseThatHaveNotEnded(t *testing.T) {
	w := newWorld()
	w.history = slices.Insert(w.history, 0, w.history[2]) // the oldest was abandoned
	for range 30 {
		w.history = append(w.history, w.history[1])
	}
	for _, c := range []struct {
		args []string
		want int
	}{{nil, 22}, {[]string{"--all"}, 34}} {
		got := w.run(t, append([]string{"operation", "ls", "-o", "name"}, c.args...)...)
		if lines := strings.Count(got.out, "\n"); lines != c.want || !strings.HasPrefix(got.out, w.history[0].ID) {
			t.Errorf("%v: %d lines, want %d:\n%s", c.args, lines, c.want, got.out)
		}
	}
}

func TestOperationsFitATerminal(t *testing.T) {
	w := newWorld()
	w.history[0].Name = strings.Repeat("n", 40)
	w.history[0].Ended = w.history[0].Started.Add(12*time.Minute + 34*time.Second)
	got := w.runOn(t, terminal(""), "operation", "ls")
	golden(t, "operations.txt", got.out)
	for line := range strings.Lines(got.out) {
		if len([]rune(line)) > 81 {
			t.Errorf("more than 80 columns: %s", line)
		}
	}
	w.history = nil
	if got := w.runOn(t, terminal(""), "operation", "ls"); got.out != "" || !strings.Contains(got.err, "nothing was done yet; make an instance: holm create web") {
		t.Errorf("on an empty host: %s%s", got.out, got.err)
	}
}
