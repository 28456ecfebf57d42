//go:build e2e

package e2e

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// The guest's programs are there and do nothing: what begins with a connection that nobody answers.
func TestNoVerbWaitsForAGuestThatIsSilent(t *testing.T) {
	thorough(t)
	beside(t, &plains)
	needPlain(t)
	guest(plain, "sudo", "sh", "-c", "(sleep 2; systemctl kill -s STOP holm-agent ssh) >/dev/null 2>&1 &").must(t)
	<-time.After(5 * time.Second)
	var all sync.WaitGroup
	timed := func(code int, says string, args ...string) {
		all.Go(func() {
			began := time.Now()
			o := holm(args...).do(t.Context())
			took := time.Since(began).Round(time.Second)
			t.Logf("holm %s: exit %d after %s: %s", args[0], o.code, took, tail(o.stderr))
			if took > time.Minute {
				t.Errorf("holm %s took %s", args[0], took)
			}
			if o.code != code || !strings.Contains(o.stdout+o.stderr, says) {
				t.Errorf("holm %s: exit %d, want %d and %q\n%s%s", args[0], o.code, code, says, tail(o.stdout), tail(o.stderr))
			}
		})
	}
	timed(8, "the guest is silent", "verify", plain)
	timed(255, "", "exec", plain, "--", "true")
	timed(255, "", "ssh", plain, "--", "true")
	timed(255, "", "cp", "/etc/hostname", plain+":")
	timed(0, plain, "ls")
	timed(0, plain, "show", plain)
	timed(0, "", "logs", plain)
	timed(0, "", "ssh-config", plain)
	timed(0, "", "inventory", "--list")
	all.Wait()
	timed(1, "it is on record", "set", plain, "--search", "silent.example")
	all.Wait()
	holm("set", plain, "--search", "").run(t)
	holm("restart", plain).must(t)
	sober(t)
}

// What is on record can be looked at, and a shell be had, while libvirt is away; what needs it says so.
func TestLookingNeedsNoLibvirt(t *testing.T) {
	beside(t, &plains)
	needPlain(t)
	const nowhere = "qemu:///system?socket=/run/holm-e2e-nowhere"
	for _, args := range [][]string{
		{"ls"},
		{"show", plain},
		{"flavor", "ls"},
		{"tenant", "ls"},
		{"tenant", "show", "default"},
		{"image", "ls"},
		{"audit", "ls"},
		{"audit", "verify"},
		{"inventory", "--list"},
		{"ssh-config", plain},
		{"pool", "ls"},
		{"host", "show"},
		{"expose"},
		{"logs", plain},
	} {
		o := holm(append([]string{"--connect", nowhere}, args...)...).run(t)
		if o.code != 0 || o.stdout == "" && args[0] != "expose" {
			t.Errorf("holm %s: exit %d\n%s%s", strings.Join(args, " "), o.code, o.stdout, o.stderr)
		}
		unknown := args[0] == "ls" || args[0] == "show"
		if unknown != strings.Contains(o.stderr, "libvirt does not answer") || unknown && !strings.Contains(o.stdout, "unknown") {
			t.Errorf("holm %s says\n%s%s", strings.Join(args, " "), o.stdout, o.stderr)
		}
	}
	if got := holm("--connect", nowhere, "exec", plain, "--", "echo", "here").must(t); got != "here\n" {
		t.Errorf("the guest says %q", got)
	}
	for _, args := range [][]string{{"stop", plain}, {"start", plain}, {"wait", plain}, {"verify", plain}} {
		refusal{code: 6, says: "cannot reach libvirt"}.check(t, holm(append([]string{"--connect", nowhere}, args...)...))
	}
	if v := show(t, plain); v.Status != "ready" {
		t.Errorf("with libvirt, it is %s", v.Status)
	}
}
