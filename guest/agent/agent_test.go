package agent

import (
	"context"
	"net"
	"os/user"
	"strings"
	"testing"
	"time"

	"holm/guest/report"
)

// A guest that could not be configured lets logins start all the same, and says why it failed.
func TestAFailedBootIsReportedAndDoesNotHoldUpLogins(t *testing.T) {
	conn := systemd(t)
	a := guest(t, writes(map[string]string{cloudStatus: `{"v1":{"init":{"errors":["no\nseed"]}}}`}))
	b := testBoard()
	a.bringUp(t.Context(), b)
	wantNotified(t, conn)
	r, _ := b.read()
	if r.Stage != report.StageFailed || r.Note != "cloud-init: init: no seed" {
		t.Errorf("stage is %s: %q", r.Stage, r.Note)
	}
}

// firstBoot is a guest whose cloud-init brings all that the seed of a profile does, and whose sshd listens.
func firstBoot(t *testing.T, profile string) *Agent {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	a := guest(t, writes(map[string]string{
		cloudStatus:  goodStatus,
		instanceFile: `{"id":"i-1","profile":"` + profile + `","user":"` + me.Username + `"}`,
		modulesFile:  `{"load":["overlay"],"lock":true}`, settingsFile: "kernel.kptr_restrict = 2", firewallFile: `{"nftables":[]}`,
	}))
	put(t, a.Root, moduleLock, "0\n", 0o644)
	put(t, a.Root, "/proc/sys/kernel/kptr_restrict", "0\n", 0o644)
	tool(t, a.Root, "/usr/sbin/modprobe", "")
	tool(t, a.Root, "/usr/sbin/nft", "")
	put(t, a.Root, hostKeyFile, "ssh-ed25519 AAAA\n", 0o600)
	sshd, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sshd.Close() })
	a.SSH = sshd.Addr().String()
	return a
}

func TestAnInstanceIsReadyWhenItsProfileIsUpAndItsKernelLocked(t *testing.T) {
	conn := systemd(t)
	a := firstBoot(t, "plain")
	for range 2 { // boots
		put(t, a.Root, moduleLock, "0\n", 0o644)
		b := testBoard()
		a.bringUp(t.Context(), b)
		wantNotified(t, conn)
		if r, _ := b.read(); r.Stage != report.StageReady || r.Note != "" || r.Checks != nil {
			t.Fatalf("stage is %s: %q", r.Stage, r.Note)
		}
		if inst, err := b.await(t.Context()); err != nil || inst.ID != "i-1" {
			t.Errorf("instance is %+v (%v)", inst, err)
		}
		if got := read(t, a.Root, moduleLock); got != "1\n" {
			t.Errorf("the lock is %q", got)
		}
	}
	if got := len(ran(t, a)); got != 4 {
		t.Errorf("it ran %q, want modprobe and nft at each boot", ran(t, a))
	}
	if a.exists("/var/lib/systemd/linger") {
		t.Error("profile plain keeps sessions")
	}
}

func TestAProfileThatDoesNotComeUpLeavesTheKernelOpen(t *testing.T) {
	conn := systemd(t)
	a := firstBoot(t, "docker") // in which there is no dockerd
	b := testBoard()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	a.bringUp(ctx, b)
	wantNotified(t, conn)
	r, _ := b.read()
	if r.Stage != report.StageFailed || !strings.HasPrefix(r.Note, "dockerd does not answer: ") {
		t.Errorf("stage is %s: %q", r.Stage, r.Note)
	}
	if got := read(t, a.Root, moduleLock); got != "0\n" {
		t.Errorf("the lock is %q", got)
	}
}

// A firewall that is not there must not look like one.
func TestWhatCannotBeAppliedFailsTheBoot(t *testing.T) {
	conn := systemd(t)
	a := firstBoot(t, "plain")
	tool(t, a.Root, "/usr/sbin/nft", "echo refused; exit 1")
	b := testBoard()
	a.bringUp(t.Context(), b)
	wantNotified(t, conn)
	if r, _ := b.read(); r.Stage != report.StageFailed || r.Note != firewallFile+": /usr/sbin/nft: exit status 1: refused" {
		t.Errorf("stage is %s: %q", r.Stage, r.Note)
	}
}
