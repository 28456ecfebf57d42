package agent

import (
	"os"
	"os/user"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/probe"
)

func TestSessionsOfTheDockerProfileOutliveTheirLogin(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{Root: t.TempDir()}
	for range 2 { // at each boot
		if err := a.keepSessions(Instance{ID: "i", Profile: probe.Docker, User: me.Username}); err != nil {
			t.Fatal(err)
		}
	}
	if !a.exists("/var/lib/systemd/linger/" + me.Username) {
		t.Error("logind is not told to keep the user's manager")
	}
	target, err := os.Readlink(a.path("/etc/systemd/user/default.target.wants/docker.service"))
	if target != userUnit {
		t.Errorf("Docker's unit is %q (%v), want %q", target, err, userUnit)
	}
	if _, err := os.Stat("../rootfs" + userUnit); err != nil {
		t.Errorf("the image has no such unit: %v", err)
	}
	if diff := cmp.Diff("DOCKER_HOST=unix:///run/user/"+me.Uid+"/docker.sock\n", read(t, a.Root, "/etc/environment")); diff != "" {
		t.Errorf("environment of each session (-want +got):\n%s", diff)
	}
}

func TestAUserThatIsNotThereGetsNoSessions(t *testing.T) {
	err := (&Agent{Root: t.TempDir()}).keepSessions(Instance{ID: "i", Profile: probe.Docker, User: "holm-no-such-user"})
	if err == nil || !strings.Contains(err.Error(), `"holm-no-such-user"`) {
		t.Errorf("error is %v", err)
	}
}
