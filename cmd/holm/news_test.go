package main

import (
	"slices"
	"strings"
	"testing"

	"holm/cmd/holm/clitest"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/networks"
)

const why = "md0: 1 of 4 members missing"

func TestNewsAreSaidOnceAndEndWell(t *testing.T) {
	w := newWorld()
	sick := clitest.PoolNamed("sick", model.PoolDegraded, why)
	sick.Changed = true
	w.Pools = append(w.Pools, sick)
	w.Paused = []instances.Paused{
		{Tenant: "default", Name: "web", Pool: "fast", Why: `no space in pool "fast"`},
		{Tenant: "default", Name: "db", Pool: "fast", Why: `no space in pool "fast"`, Resumed: true},
	}
	w.Rebuilt = []networks.Rebuilt{{Network: "holm-default.acme", What: "there is no table inet holm.holm-0d18c3a5"}}
	got := w.Run(t, "pool", "check", "--news")
	if got.Code != 0 || !strings.Contains(got.Out, why) || strings.Contains(got.Out, "healthy") {
		t.Errorf("ended with %d and %q", got.Code, got.Out)
	}
	for _, want := range []string{
		`default/web is paused: no space in pool "fast"`, "default/db goes on: there is room again",
		"the kernel's rules of network holm-default.acme were put back: there is no table inet holm.holm-0d18c3a5",
	} {
		if !strings.Contains(got.Err, want) {
			t.Errorf("%q does not say %q", got.Err, want)
		}
	}
}

func TestTheTimerClosesOperationsAsWell(t *testing.T) {
	w := &world{clitest.AfterDeaths()}
	got := w.Run(t, "pool", "check", "--news")
	if got.Code != 0 || !slices.Contains(w.Calls, "close operations") || !strings.Contains(got.Err, "operation 18c2f4a1b2c3d4e7-01cd (start of acme/build)") {
		t.Errorf("exit %d, called %v: %s", got.Code, w.Calls, got.Err)
	}
	w = &world{clitest.AfterDeaths()}
	if w.Run(t, "pool", "check"); slices.Contains(w.Calls, "close operations") {
		t.Error("a look at the pools has closed operations")
	}
}
