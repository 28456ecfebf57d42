//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// importBusybox makes a container image of the guest's own busybox, as there may be no registry to pull from.
const importBusybox = `set -e
umask 022
mkdir -p /tmp/busybox/bin
cp /usr/bin/busybox /tmp/busybox/bin/busybox
for applet in sh cat id touch sleep; do ln -sf busybox /tmp/busybox/bin/$applet; done
tar -C /tmp/busybox -c . | docker import - busybox
rm -r /tmp/busybox`

// confined is a container as the issue asks for it.
const confined = "docker run --rm --read-only --cap-drop ALL --user 1001 --network none "

func TestDockerWithoutRoot(t *testing.T) {
	beside(t, &webs)
	needWeb(t)
	shell(t, web, importBusybox)

	t.Run("a confined container has no power", func(t *testing.T) {
		status := fields(shell(t, web, confined+"busybox cat /proc/self/status"))
		for key, want := range map[string]string{
			"CapEff": "0000000000000000", "CapPrm": "0000000000000000", "CapBnd": "0000000000000000",
			"Uid": "1001 1001 1001 1001", "NoNewPrivs": "1", "Seccomp": "2",
		} {
			if status[key] != want {
				t.Errorf("%s is %q, want %q", key, status[key], want)
			}
		}
	})
	t.Run("its root cannot be written", func(t *testing.T) {
		o := guest(web, "sh", "-c", confined+"busybox touch /x").run(t)
		if o.code == 0 || !strings.Contains(o.stderr, "Read-only file system") {
			t.Errorf("exit %d\n%s", o.code, o.stderr)
		}
	})
	t.Run("its user is none of the guest's", func(t *testing.T) {
		// 1001 in the container is a subordinate id of the user's outside.
		shell(t, web, strings.Replace(confined, "--rm", "-d --rm --name mapped", 1)+"busybox sleep 1000")
		t.Cleanup(func() { guest(web, "docker", "kill", "mapped").do(context.Background()) })
		uid := shell(t, web, `stat -c %u /proc/$(docker inspect -f '{{.State.Pid}}' mapped)`)
		if uid != "101000" && (len(uid) < 6 || uid == "1001") {
			t.Errorf("outside, the container's process has uid %s", uid)
		}
	})
	t.Run("root in a container is the user outside", func(t *testing.T) {
		// The folder belongs to root of the guest, which root of the container is not.
		o := guest(web, "sh", "-c", "docker run --rm --network none -v /var/lib:/host busybox touch /host/x").run(t)
		if o.code == 0 || !strings.Contains(o.stderr, "Permission denied") {
			t.Errorf("exit %d\n%s", o.code, o.stderr)
		}
	})
	t.Run("a limit of memory takes effect", func(t *testing.T) {
		if got := shell(t, web, "docker run --rm --memory 64m --network none busybox cat /sys/fs/cgroup/memory.max"); got != "67108864" {
			t.Errorf("memory.max is %s", got)
		}
	})
	t.Run("logs are limited", func(t *testing.T) {
		shell(t, web, "docker create --name logs --network none busybox id")
		t.Cleanup(func() { guest(web, "docker", "rm", "logs").do(context.Background()) })
		got := shell(t, web, "docker inspect -f '{{json .HostConfig.LogConfig}}' logs")
		if info := shell(t, web, "docker info -f '{{.LoggingDriver}}'"); info != "local" {
			t.Errorf("the log driver is %s", info)
		}
		if !strings.Contains(got, `"local"`) || !strings.Contains(got, `"max-size":"10m"`) {
			t.Errorf("the container's logs are %s", got)
		}
	})
	testDaemon(t)
}

// testDaemon looks at what Docker runs on.
func testDaemon(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"the daemon is rootless":             {"docker info -f '{{.SecurityOptions}}'", "name=rootless"},
		"it has seccomp":                     {"docker info -f '{{.SecurityOptions}}'", "name=seccomp"},
		"containers gain no privileges":      {"docker info -f '{{.SecurityOptions}}'", "name=no-new-privileges"},
		"the store is overlay2":              {"docker info -f '{{.Driver}}'", "overlay2"},
		"limits go by systemd":               {"docker info -f '{{.CgroupDriver}} {{.CgroupVersion}}'", "systemd 2"},
		"dockerd is the user's":              {"ps -o user= -C dockerd", "ops"},
		"Docker of root's is masked":         {"systemctl is-enabled docker.service || :", "masked"},
		"so is its socket":                   {"systemctl is-enabled docker.socket || :", "masked"},
		"the user's session outlives logins": {"loginctl show-user ops -p Linger", "Linger=yes"},
		"the store lies on the state volume": {"findmnt -no FSTYPE -T ~/.local/share/docker", "ext4"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shell(t, web, c.line); !strings.Contains(got, c.want) {
				t.Errorf("%s says %q, want %q", c.line, got, c.want)
			}
		})
	}
	t.Run("the user may hand out cpu, memory and pids", func(t *testing.T) {
		got := " " + shell(t, web, `cat /sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service/cgroup.controllers`) + " "
		for _, controller := range []string{"cpu", "memory", "pids"} {
			if !strings.Contains(got, " "+controller+" ") {
				t.Errorf("%s is not among%s", controller, got)
			}
		}
	})
}

// fields reads "Key:\tvalue value" lines, as /proc has them.
func fields(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		m[key] = strings.Join(strings.Fields(value), " ")
	}
	return m
}

func TestARestartKeepsWhatTheInstanceIs(t *testing.T) {
	thorough(t) // most of it is a part of the day
	needWeb(t)
	shell(t, web, "docker image inspect busybox >/dev/null 2>&1 || { "+importBusybox+"; }; echo kept > ~/kept")
	before := show(t, web)
	restarted := holm("-v", "restart", web).run(t)
	if restarted.code != 0 {
		t.Fatalf("restart: exit %d\n%s", restarted.code, restarted.stderr)
	}
	t.Run("its volume's key, which was used, lies nowhere", func(t *testing.T) { testKeyLiesNowhere(t, restarted) })
	after := show(t, web)
	same(t, before, after)
	if before.BootID == after.BootID {
		t.Error("it is the same boot as before")
	}
	sound(t, after)
}

func TestARebootFromWithinComesBack(t *testing.T) {
	thorough(t) // it is a part of the day
	needWeb(t)
	before := show(t, web)
	boot := bootID(t)
	if boot != before.BootID {
		t.Errorf("the record says boot %s, the guest %s", before.BootID, boot)
	}
	guest(web, "sudo", "systemctl", "reboot").run(t) // ssh may or may not come to its end
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for bootID(t) == boot || bootID(t) == "" {
		select {
		case <-ctx.Done():
			t.Fatalf("it did not come back; its console ends with:\n%s", tail(holm("logs", web).run(t).stdout))
		case <-time.After(time.Second): // nobody tells when sshd listens again
		}
	}
	holm("wait", web).must(t)
	after := show(t, web)
	same(t, before, after)
	sound(t, after)
}

// bootID asks the guest itself; it is "" while the guest does not answer.
func bootID(t *testing.T) string {
	return strings.TrimSpace(guest(web, "cat", "/proc/sys/kernel/random/boot_id").run(t).stdout)
}

func same(t *testing.T, before, after view) {
	t.Helper()
	for what, pair := range map[string][2]string{
		"host key": {before.HostKey, after.HostKey}, "machine id": {before.MachineID, after.MachineID},
		"address": {before.Address, after.Address}, "id": {before.ID, after.ID},
	} {
		if pair[0] != pair[1] || pair[1] == "" {
			t.Errorf("the %s was %s, and is %s", what, pair[0], pair[1])
		}
	}
}

// sound checks that a web that has booted again is what it was: Docker runs, and what it held is there.
func sound(t *testing.T, v view) {
	t.Helper()
	if v.Status != "ready" || v.Passed != v.Total {
		t.Errorf("it is %s, %d of %d checks passed", v.Status, v.Passed, v.Total)
	}
	if got := shell(t, web, "cat ~/kept 2>/dev/null || echo kept"); got != "kept" {
		t.Errorf("the file in the home says %q", got)
	}
	// After a reboot from within nobody has waited for Docker.
	wait := fmt.Sprintf("for i in $(seq 300); do docker info >/dev/null 2>&1 && break; sleep 1; done; %s", confined)
	if got := shell(t, web, wait+"busybox id -u"); got != "1001" {
		t.Errorf("a container runs as %q", got)
	}
}
