//go:build e2e

package e2e

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTwoAreMadeAtOnceAndReachWhomTheyMay(t *testing.T) {
	needWeb(t)
	const a, b = prefix + "a", prefix + "b"
	acme := []string{"--tenant", "acme"}
	holm("tenant", "create", "acme", "--instances", "1").must(t)
	t.Cleanup(func() {
		if rm := holm("tenant", "rm", "--yes", "acme").do(context.Background()); rm.code != 0 {
			t.Errorf("remove the tenant: exit %d\n%s", rm.code, rm.stderr)
		}
	})
	holm(append([]string{"flavor", "set", "e2e-noisy"}, noisyFlavor...)...).must(t)
	t.Cleanup(func() {
		if reset := holm("flavor", "reset", "e2e-noisy").do(context.Background()); reset.code != 0 {
			t.Errorf("reset the flavor: exit %d\n%s", reset.code, reset.stderr)
		}
	})
	tidy(t, a)
	tidy(t, b, acme...)
	var (
		wg      sync.WaitGroup
		watched []byte
		err     error
		piped   outcome
	)
	wg.Go(func() {
		watched, err = onTerminal(t.Context(), "holm", "create", a, "--profile", "plain", "--flavor", "tiny").CombinedOutput()
	})
	wg.Go(func() {
		piped = holm("create", b, "--profile", "plain", "--flavor", "e2e-noisy", "--tenant", "acme").run(t)
	})
	usersAgain := testUsers(t, b, "acme")
	wg.Wait()
	if err != nil || piped.code != 0 {
		t.Fatalf("create %s: %v\n%s\ncreate %s: exit %d\n%s", a, err, watched, b, piped.code, piped.stderr)
	}
	t.Run("a terminal shows each step, and the way in", func(t *testing.T) { showsSteps(t, string(watched), a) })
	one, two, third := show(t, a), show(t, b, acme...), show(t, web)
	if one.Address == two.Address || one.Address == third.Address || two.Address == third.Address {
		t.Errorf("the addresses are %s, %s and %s", one.Address, two.Address, third.Address)
	}
	if one.HostKey == two.HostKey || one.MachineID == two.MachineID {
		t.Error("two instances have the same identity")
	}
	if ls := holm("ls", "--tenant", "acme", "-o", "name").must(t); ls != b+"\n" {
		t.Errorf("tenant acme has %q", ls)
	}

	t.Run("the host reaches both", func(t *testing.T) {
		for _, v := range []view{one, two} {
			conn, err := net.DialTimeout("tcp", v.Address+":22", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
		}
	})
	t.Run("another tenant's user reaches nothing of it when it is ready", usersAgain)
	t.Run("one that burns CPU and disk gets what it may have", func(t *testing.T) { testNoisy(t, a, b, acme) })
	t.Run("a console that is flooded keeps its size", func(t *testing.T) { testFlood(t, one) })
	t.Run("who is reached outside, and who reaches it, is the operator's choice", func(t *testing.T) { testReach(t, b, two, acme) })
	t.Run("a published port answers those who may, as long as it is published", func(t *testing.T) { testPublished(t, needWorld(t), b, two, acme) })
}

func showsSteps(t *testing.T, seen, name string) {
	seen = escapes.ReplaceAllString(seen, "")
	for _, step := range []string{"✓ admitted", "✓ reserved", "✓ started", "✓ booting", "✓ ready", "ssh: holm ssh " + name} {
		if !strings.Contains(seen, step) {
			t.Errorf("%q is not to be seen:\n%s", step, seen)
		}
	}
	for _, line := range strings.FieldsFunc(seen, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("a line of %d columns on a terminal of 80: %q", n, line)
		}
	}
}
