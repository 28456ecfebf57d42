//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
)

// verdict is what "holm verify -o json" says of one instance.
type verdict struct {
	Name    string
	Results []struct{ ID, Side, Source, Promise, Outcome, Tried, Found string }
	Holds   bool
}

// verify holds an instance to its promises and returns the outcome of each check, with what was found.
func verify(t *testing.T, name string) map[string]string {
	t.Helper()
	o := holm("verify", name, "-o", "json").run(t)
	if o.code != 0 && o.code != 8 {
		t.Fatalf("verify: exit %d\n%s", o.code, o.stderr)
	}
	var all struct{ Instances []verdict }
	decode(t, o.stdout, &all)
	if len(all.Instances) != 1 {
		t.Fatalf("verify speaks of %d instances", len(all.Instances))
	}
	outcomes := map[string]string{}
	for _, r := range all.Instances[0].Results {
		outcomes[r.ID] = r.Outcome + ": " + r.Found
	}
	if all.Instances[0].Holds != (o.code == 0) {
		t.Errorf("it holds: %v, and the exit code is %d", all.Instances[0].Holds, o.code)
	}
	return outcomes
}

// holding fails the test unless every check passes or has no subject here.
func holding(t *testing.T, outcomes map[string]string) {
	t.Helper()
	for id, found := range outcomes {
		if !strings.HasPrefix(found, "pass: ") && !strings.HasPrefix(found, "n/a: ") {
			t.Errorf("%s is %s", id, found)
		}
	}
}

// sabotage breaks promises of a running instance, all at once for a verify takes its time, and mends them afterwards.
type sabotage struct {
	name   string
	checks string // that have to fail, separated by blanks
	breaks string // a line for root's shell in the guest
	mends  string
	host   func(t *testing.T) // what is broken on the host; it mends itself by t.Cleanup
}

// caught breaks, verifies, and expects each of the checks to fail.
func caught(t *testing.T, instance string, all []sabotage) {
	t.Helper()
	t.Run("sabotage", func(t *testing.T) {
		for _, s := range all {
			if s.host != nil {
				s.host(t)
			}
			if s.breaks != "" {
				asRoot(t, instance, s.breaks)
				t.Cleanup(func() {
					if o := guest(instance, "sudo", "sh", "-c", s.mends).do(context.Background()); o.code != 0 {
						t.Errorf("mend %s: %s%s", s.name, o.stdout, o.stderr)
					}
				})
			}
		}
		outcomes := verify(t, instance)
		for _, s := range all {
			t.Run(s.name, func(t *testing.T) {
				for id := range strings.FieldsSeq(s.checks) {
					if !strings.HasPrefix(outcomes[id], "fail: ") {
						t.Errorf("%s is %q", id, outcomes[id])
					}
				}
			})
		}
	})
}

// asRoot runs a line in root's shell in an instance.
func asRoot(t *testing.T, name, line string) {
	t.Helper()
	if o := guest(name, "sudo", "sh", "-ec", line).run(t); o.code != 0 {
		t.Fatalf("in %s: %s: exit %d\n%s%s", name, line, o.code, o.stdout, o.stderr)
	}
}

func TestVerifyHoldsAndSaysSo(t *testing.T) {
	needWeb(t)
	outcomes := verify(t, web)
	holding(t, outcomes)
	v := show(t, web)
	passed := 0
	for _, found := range outcomes {
		if strings.HasPrefix(found, "pass: ") {
			passed++
		}
	}
	if v.Passed != passed || v.Total != passed {
		t.Errorf("the record says %d/%d, and %d checks passed", v.Passed, v.Total, passed)
	}
	if passed < 35 {
		t.Errorf("only %d checks passed: %v", passed, outcomes)
	}
}

// reloadSSH comes back once sshd listens again, which it does not for a moment.
const reloadSSH = "systemctl reload ssh; sleep 1; until ss -Hltn 'sport = :22' | grep -q LISTEN; do sleep 0.1; done"

// What is broken in a running guest, and on the host below it.
func TestSabotageOfARunningInstanceIsCaught(t *testing.T) {
	needWeb(t)
	caught(t, web, append([]sabotage{
		{
			name: "a writable place below the root", checks: "root-readonly",
			breaks: "mount -t tmpfs none /boot", mends: "umount /boot",
		},
		{
			name: "programs may run from /tmp", checks: "mounts",
			breaks: "mount -o remount,exec /tmp", mends: "mount -o remount,noexec,nosuid,nodev /tmp",
		},
		{
			name: "a mount where setuid counts", checks: "setuid",
			breaks: "mkdir /run/suid && mount -t tmpfs -o mode=0755 none /run/suid", mends: "umount /run/suid; rmdir /run/suid",
		},
		{
			name: "sysctls undone", checks: "sysctl kernel-secrets ptrace core-dumps",
			breaks: "sysctl -qw kernel.dmesg_restrict=0 kernel.yama.ptrace_scope=0 kernel.core_pattern=core",
			mends:  "sysctl -q -p /etc/sysctl.d/90-holm.conf",
		},
		{
			name: "an account without a password", checks: "local-accounts",
			breaks: "cp -p /etc/shadow /etc/shadow.e2e; passwd -q -d games", mends: "mv /etc/shadow.e2e /etc/shadow",
		},
		{
			name: "an AppArmor profile unloaded", checks: "apparmor",
			breaks: "printf holm-canary > /sys/kernel/security/apparmor/.remove",
			mends:  "cat /usr/lib/holm/apparmor/holm-canary.bin > /sys/kernel/security/apparmor/.load",
		},
		{
			name: "every port open", checks: "firewall",
			breaks: "nft flush ruleset", mends: "nft -j -f /etc/holm/firewall.json",
		},
		{
			name: "root may log in, by password, with old ciphers", checks: "ssh-root ssh-password ssh-algorithms",
			breaks: "printf 'PermitRootLogin yes\\nAuthenticationMethods any\\nPasswordAuthentication yes\\nCiphers +aes128-cbc\\nMACs +hmac-sha1\\n" +
				"KexAlgorithms +diffie-hellman-group14-sha1\\n' > /etc/ssh/sshd_config.d/00-e2e.conf; " +
				"mount -t tmpfs -o mode=0700 none /root; mkdir -m 700 /root/.ssh; " +
				"cp /etc/ssh/holm/ops /root/.ssh/authorized_keys; chmod 600 /root/.ssh/authorized_keys; " + reloadSSH,
			mends: "umount /root; rm /etc/ssh/sshd_config.d/00-e2e.conf; " + reloadSSH,
		},
		{ // after what reloads sshd, which would refuse such a key
			name: "a host key that everybody can read", checks: "host-key",
			breaks: "chmod 0644 /etc/ssh/ssh_host_ed25519_key", mends: "chmod 0600 /etc/ssh/ssh_host_ed25519_key",
		},
		{
			name: "a resolver that serves the neighbours", checks: "names",
			breaks: "mkdir -p /run/systemd/resolved.conf.d; printf '[Resolve]\\nDNSStubListenerExtra=0.0.0.0\\n' " +
				">/run/systemd/resolved.conf.d/90-e2e.conf; systemctl restart systemd-resolved",
			mends: "rm /run/systemd/resolved.conf.d/90-e2e.conf; systemctl restart systemd-resolved",
		},
		{
			name: "a clock that is wrong", checks: "clock",
			breaks: "date -s '+1 hour' >/dev/null", mends: "date -s '-1 hour' >/dev/null",
		},
	}, hostSabotage(t, web)...))
	holding(t, verify(t, web))
}

// looseRunc is a container runtime that hands out a capability which nobody asked for.
const looseRunc = `#!/bin/sh
for a; do [ "$previous" = --bundle ] && sed -i 's/"process":{/&"capabilities":{"bounding":["CAP_CHOWN"],"effective":["CAP_CHOWN"],"permitted":["CAP_CHOWN"]},/' "$a/config.json"; previous=$a; done
exec runc "$@"
`

// looseDocker is Docker as it would be if nobody had cared.
const looseDocker = `{"features":{"containerd-snapshotter":false},"seccomp-profile":"unconfined","no-new-privileges":false,"icc":true,` +
	`"hosts":["unix:///run/user/1000/docker.sock","tcp://0.0.0.0:2375"],"default-runtime":"loose","runtimes":{"loose":{"path":"/home/ops/loose"}}}`

// userDocker is how root speaks to the user's systemd.
const userDocker = "systemctl --user -M ops@ "

func TestSabotageOfDockerIsCaught(t *testing.T) {
	beside(t, &webs)
	needWeb(t)
	caught(t, web, []sabotage{
		{
			name:   "containers that gain privileges, reach each other, and know no limits",
			checks: "docker-rootless docker-caps docker-seccomp docker-setuid docker-icc docker-limits docker-no-tcp docker-socket",
			breaks: "cp -a /etc/holm/dockerd.json /run/dockerd.json; cp -a /etc/systemd/user/docker-.scope.d /run/\n" +
				"cat > /home/ops/loose <<'END'\n" + looseRunc + "END\nchmod 755 /home/ops/loose\n" +
				"cat > /etc/holm/dockerd.json <<'END'\n" + looseDocker + "\nEND\n" +
				"rm -r /etc/systemd/user/docker-.scope.d; " + userDocker + "daemon-reload; " + userDocker + "restart docker",
			mends: "cp -a /run/dockerd.json /etc/holm/; cp -a /run/docker-.scope.d /etc/systemd/user/; rm /home/ops/loose; " +
				userDocker + "daemon-reload; " + userDocker + "restart docker",
		},
		{
			name: "a kernel log that everybody can read", checks: "docker-privileged",
			breaks: "sysctl -qw kernel.dmesg_restrict=0", mends: "sysctl -qw kernel.dmesg_restrict=1",
		},
		{
			name: "Docker of root's", checks: "docker-no-rootful",
			breaks: rootfulDocker("/run/docker.sock", "--iptables=false --ip6tables=false --bridge=none"), mends: "systemctl stop rootful; rm -f /run/docker.sock",
		},
	})
}

// A second kind of Docker, in the place of the user's own: no user namespace is left.
func TestSabotageByRootfulDockerIsCaught(t *testing.T) {
	thorough(t) // another Docker of root's is caught by the test above
	beside(t, &webs)
	needWeb(t)
	const socket = "/run/user/1000/docker.sock"
	// Twice: when forwarding is switched off, the kernel lets redirects in again.
	const settings = "sysctl -q -p /etc/sysctl.d/90-holm.conf; sysctl -q -p /etc/sysctl.d/90-holm.conf"
	caught(t, web, []sabotage{{
		name: "Docker of root's at the user's socket", checks: "docker-rootless docker-no-rootful docker-userns docker-privileged",
		breaks: userDocker + "stop docker; " + rootfulDocker(socket, ""),
		mends:  "systemctl stop rootful; rm -f " + socket + "; " + settings + "; " + userDocker + "restart docker",
	}})
	holding(t, verify(t, web))
}

func rootfulDocker(socket, flags string) string {
	return "echo '{}' > /run/rootful.json; systemd-run -q --unit=rootful --service-type=notify dockerd --config-file /run/rootful.json -H unix://" + socket +
		" --data-root /var/lib/docker " + flags
}
