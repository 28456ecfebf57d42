//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// kin is a tenant whose instances may speak to each other.
const kin = prefix + "kin"

func TestSiblingsFindEachOtherByNameAndNobodyElse(t *testing.T) {
	thorough(t)
	needPlain(t) // another tenant's
	holm("tenant", "create", kin, "--internal-traffic").must(t)
	t.Cleanup(func() {
		if rm := holm("tenant", "rm", "--yes", kin).do(context.Background()); rm.code != 0 {
			t.Errorf("remove the tenant: exit %d\n%s", rm.code, rm.stderr)
		}
	})
	names := []string{prefix + "app", prefix + "db"}
	made := make([]outcome, len(names))
	var making sync.WaitGroup
	for i, name := range names {
		tidy(t, name, "--tenant", kin)
		making.Go(func() {
			made[i] = holm("create", name, "--tenant", kin, "--profile", "plain", "--flavor", "tiny", "--no-verify").do(t.Context())
		})
	}
	making.Wait()
	for i, name := range names {
		if made[i].code != 0 {
			t.Fatalf("create %s: exit %d\n%s", name, made[i].code, made[i].stderr)
		}
	}
	app, db := names[0], names[1]
	boots := show(t, app, "--tenant", kin).BootID
	for _, pair := range [][2]string{{app, db}, {db, app}} {
		for _, name := range []string{pair[1], pair[1] + "." + kin + ".holm"} {
			if got := resolves(t, pair[0], name, true); !slices.Contains(got, show(t, pair[1], "--tenant", kin).Address) {
				t.Errorf("in %s, %s is %v", pair[0], name, got)
			}
		}
		if o := within(pair[0], "ping", "-n", "-c", "1", "-W", "5", pair[1]).run(t); o.code != 0 {
			t.Errorf("%s does not reach %s by its name: %s%s", pair[0], pair[1], o.stdout, o.stderr)
		}
		for _, name := range []string{plain, plain + ".default.holm"} {
			if got := resolves(t, pair[0], name, false); len(got) > 0 {
				t.Errorf("in %s, another tenant's %s is %v", pair[0], name, got)
			}
		}
	}
	if hosts := shell(t, plain, "cat /etc/hosts"); strings.Contains(hosts, "app") || strings.Contains(hosts, kin) {
		t.Errorf("another tenant's instance knows\n%s", hosts)
	}

	holm("rm", "--yes", db, "--tenant", kin).must(t)
	if got := resolves(t, app, db, false); len(got) > 0 {
		t.Errorf("after %s was removed, it is %v", db, got)
	}
	if now := show(t, app, "--tenant", kin).BootID; now != boots {
		t.Error("it booted anew meanwhile")
	}
	anotherServer(t, app)
}

// anotherServer: what is set for an instance arrives at once, what is set for the host with the next restart.
func anotherServer(t *testing.T, name string) {
	servers := func() string { return within(name, "resolvectl", "dns").must(t) }
	holm("set", name, "--tenant", kin, "--nameserver", "192.0.2.153").must(t)
	if got := servers(); !strings.Contains(got, "192.0.2.153") {
		t.Errorf("set for the instance, the name servers are %s", got)
	}
	holm("set", name, "--tenant", kin, "--nameserver", "").must(t)
	holm("host", "set", "--nameserver", "192.0.2.154").must(t)
	t.Cleanup(func() { holm("host", "set", "--nameserver", "").do(context.Background()) })
	if got := servers(); strings.Contains(got, "192.0.2.15") {
		t.Errorf("before the restart, the name servers are %s", got)
	}
	holm("restart", name, "--tenant", kin).must(t)
	if got := servers(); !strings.Contains(got, "192.0.2.154") {
		t.Errorf("after the restart, the name servers are %s", got)
	}
}

// within is a command of root's in an instance of kin.
func within(name string, command ...string) call {
	return holm(append([]string{"exec", "--tenant", kin, name, "--", "sudo"}, command...)...)
}

// resolves returns the addresses of a name, once there are any, or none: siblings are told within seconds.
func resolves(t *testing.T, in, name string, there bool) (found []string) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 30*time.Second; <-time.After(time.Second) {
		found = nil
		for line := range strings.Lines(within(in, "getent", "ahosts", name).run(t).stdout) {
			found = append(found, strings.Fields(line)[0])
		}
		if (len(found) > 0) == there {
			break
		}
	}
	return found
}
