package instance

import (
	"strings"
	"testing"

	"holm/provisioner/hypervisor"
)

func TestThatNobodyKnowsHowInstancesAreIsSaidAside(t *testing.T) {
	w := newWorld()
	for i := range w.Instances {
		w.Instances[i].Status, w.Instances[i].DomainState = "unknown", hypervisor.Unknown
	}
	for _, args := range [][]string{{"ls"}, {"show", "web"}, {"ls", "-o", "json"}, {"show", "web", "-o", "json"}} {
		got := w.Run(t, args...)
		said := strings.Contains(got.Err, "libvirt does not answer")
		if got.Code != 0 || !strings.Contains(got.Out, "unknown") || said != (args[len(args)-1] != "json") {
			t.Errorf("%v: exit %d\n%s\n%s", args, got.Code, got.Out, got.Err)
		}
	}
}

func TestFilesThatAnOwnerHasToLookAtAreSaidByShowAndAtTheEndOfARebuild(t *testing.T) {
	w := newWorld()
	for i := range w.Instances {
		w.Instances[i].Undecided = 2
	}
	show := w.Run(t, "show", "web")
	if !strings.Contains(show.Out, "2 files in /etc") || !strings.Contains(show.Out, "/var/lib/holm/etc-conflicts.json") {
		t.Errorf("show says\n%s", show.Out)
	}
	rebuild := w.Run(t, "rebuild", "web", "--keep-state")
	if rebuild.Code != 0 || !strings.Contains(rebuild.Err, "web: 2 files in /etc") {
		t.Errorf("exit %d, it says\n%s", rebuild.Code, rebuild.Err)
	}
}
