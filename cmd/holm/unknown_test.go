package main

import (
	"strings"
	"testing"

	"holm/provisioner/hypervisor"
)

func TestThatNobodyKnowsHowInstancesAreIsSaidAside(t *testing.T) {
	w := newWorld()
	for i := range w.instances {
		w.instances[i].Status, w.instances[i].DomainState = "unknown", hypervisor.Unknown
	}
	for _, args := range [][]string{{"ls"}, {"show", "web"}, {"ls", "-o", "json"}, {"show", "web", "-o", "json"}} {
		got := w.run(t, args...)
		said := strings.Contains(got.err, "libvirt does not answer")
		if got.code != 0 || !strings.Contains(got.out, "unknown") || said != (args[len(args)-1] != "json") {
			t.Errorf("%v: exit %d\n%s\n%s", args, got.code, got.out, got.err)
		}
	}
	// The guest may be there all the same: it is tried.
	if got := w.run(t, "exec", "web", "--", "true"); strings.Contains(got.err, "not running") {
		t.Errorf("exit %d\n%s", got.code, got.err)
	}
}

func TestFilesThatAnOwnerHasToLookAtAreSaidByShowAndAtTheEndOfARebuild(t *testing.T) {
	w := newWorld()
	for i := range w.instances {
		w.instances[i].Undecided = 2
	}
	show := w.run(t, "show", "web")
	if !strings.Contains(show.out, "2 files in /etc") || !strings.Contains(show.out, "/var/lib/holm/etc-conflicts.json") {
		t.Errorf("show says\n%s", show.out)
	}
	rebuild := w.run(t, "rebuild", "web", "--keep-state")
	if rebuild.code != 0 || !strings.Contains(rebuild.err, "web: 2 files in /etc") {
		t.Errorf("exit %d, it says\n%s", rebuild.code, rebuild.err)
	}
}
