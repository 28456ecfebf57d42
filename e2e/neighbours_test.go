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

func TestNeighboursAreMadeAtOnceAndKeptApart(t *testing.T) {
	needWeb(t)
	const a, b = prefix + "a", prefix + "b"
	acme := []string{"--tenant", "acme"}
	holm("tenant", "create", "acme", "--instances", "1").must(t)
	t.Cleanup(func() {
		if rm := holm("tenant", "rm", "--yes", "acme").do(context.Background()); rm.code != 0 {
			t.Errorf("remove the tenant: exit %d\n%s", rm.code, rm.stderr)
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
	wg.Go(func() { piped = holm("create", b, "--profile", "plain", "--flavor", "tiny", "--tenant", "acme").run(t) })
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
	t.Run("neither reaches another", func(t *testing.T) {
		for _, to := range []string{two.Address, third.Address} {
			if o := guest(a, "bash", "-c", "timeout 10 bash -c '</dev/tcp/"+to+"/22'").run(t); o.code == 0 {
				t.Errorf("%s connected to %s", a, to)
			}
			if ping(t, a, "-c", "3", to) {
				t.Errorf("%s pinged %s", a, to)
			}
		}
		control(t, a)
	})
	t.Run("who is reached outside, and who reaches it, is the operator's choice", func(t *testing.T) { testReach(t, b, two, acme) })
	t.Run("a forged source address gets nothing through", func(t *testing.T) {
		forged := "10.78.0.200"
		for what, address := range map[string]string{"nobody's": forged, "a neighbour's": two.Address} {
			guest(a, "sudo", "ip", "address", "add", address+"/24", "dev", "eth0").must(t)
			if ping(t, a, "-c", "3", "-I", address, "10.78.0.1") {
				t.Errorf("a ping from %s address, %s, was answered", what, address)
			}
			guest(a, "sudo", "ip", "address", "del", address+"/24", "dev", "eth0").must(t)
		}
		control(t, a)
	})
	t.Run("a forged hardware address gets nothing through", func(t *testing.T) {
		// The guest cuts itself off, so it has to come back by itself; the way back proves that it was cut off.
		line := `mac=$(cat /sys/class/net/eth0/address)
ip link set eth0 address 52:54:00:00:00:99; ping -c 3 -W 3 10.78.0.1 >/dev/null && echo through > /run/forged || echo nothing > /run/forged
ip link set eth0 address $mac`
		guest(a, "sudo", "timeout", "60", "sh", "-c", line).run(t)
		if got := shell(t, a, "sudo cat /run/forged"); got != "nothing" {
			t.Errorf("a ping from a forged hardware address: %s", got)
		}
		control(t, a)
	})
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

// ping tells whether anything came back.
func ping(t *testing.T, from string, args ...string) bool {
	t.Helper()
	o := guest(from, append([]string{"sudo", "ping", "-n", "-W", "3"}, args...)...).run(t)
	if o.code != 0 && !strings.Contains(o.stdout, "packets transmitted") {
		t.Fatalf("ping did not run: exit %d\n%s", o.code, o.stderr)
	}
	return o.code == 0
}

// control makes sure that silence means a closed door and no broken network: the gateway answers.
func control(t *testing.T, from string) {
	t.Helper()
	if !ping(t, from, "-c", "3", "10.78.0.1") {
		t.Errorf("inconclusive: not even the gateway answers %s", from)
	}
}
