//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// world is a machine outside: a network namespace at the other end of a cable of the host's.
const (
	world      = prefix + "world"
	worldCable = "holm-e2e-cable"
	hostOut    = "198.51.100.1"
	worldIn    = "198.51.100.2"
	hostOut6   = "2001:db8:77::1"
	worldIn6   = "2001:db8:77::2"
)

func makeWorld(t *testing.T) {
	t.Helper()
	drop := func() { _ = exec.CommandContext(context.Background(), "ip", "netns", "del", world).Run() }
	drop()
	t.Cleanup(drop) // the cable goes with it
	for _, line := range []string{
		"ip netns add " + world,
		"ip link add " + worldCable + " type veth peer name wire0 netns " + world,
		"ip address add " + hostOut + "/24 dev " + worldCable,
		"ip -6 address add " + hostOut6 + "/64 dev " + worldCable + " nodad",
		"ip link set " + worldCable + " up",
		"ip -n " + world + " address add " + worldIn + "/24 dev wire0",
		"ip -n " + world + " -6 address add " + worldIn6 + "/64 dev wire0 nodad",
		"ip -n " + world + " link set wire0 up",
		"ip -n " + world + " route add default via " + hostOut,
		"ip -n " + world + " -6 route add default via " + hostOut6,
	} {
		words := strings.Fields(line)
		if out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
}

// fromWorld fetches a page from outside; it tells whether there was an answer.
func fromWorld(t *testing.T, url string) bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ip", "netns", "exec", world, "curl", "-gsS", "--max-time", "10", url).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "curl: (7)") && !strings.Contains(string(out), "curl: (28)") {
		t.Fatalf("curl did not run: %v: %s", err, out)
	}
	return err == nil
}

// testReach: who is reached from an instance of a tenant, and who reaches it.
func testReach(t *testing.T, name string, v view, flags []string) {
	makeWorld(t)
	tenant := v.Tenant
	pings := func(to string) bool {
		o := holm(append([]string{"exec", name}, append(flags, "--", "sudo", "ping", "-n", "-c", "1", "-W", "3", to)...)...).run(t)
		if o.code != 0 && !strings.Contains(o.stdout, "packets transmitted") {
			t.Fatalf("ping did not run: exit %d\n%s", o.code, o.stderr)
		}
		return o.code == 0
	}
	for egress, want := range map[string][2]bool{"allow": {true, true}, "deny": {false, false}, "198.51.100.0/24": {true, false}, "2001:db8:77::/64": {false, true}} {
		holm("tenant", "set", tenant, "--egress", egress).must(t)
		if got := [2]bool{pings(worldIn), pings(worldIn6)}; got != want {
			t.Errorf("egress %s: the world answers by IPv4 and IPv6 %v, want %v", egress, got, want)
		}
	}
	if err := exec.CommandContext(t.Context(), "ip", "netns", "exec", world, "ping", "-c", "1", "-W", "2", v.Address).Run(); err == nil {
		t.Errorf("the world reaches %s uninvited", v.Address)
	}
	serve := "cd /etc/ssh; nohup python3 -m http.server --bind :: 8443 >/dev/null 2>&1 & " +
		"for i in $(seq 100); do ss -Hltn sport = 8443 | grep -q . && exit 0; sleep 0.2; done; exit 1"
	holm(append([]string{"exec", name}, append(flags, "--", "sh", "-c", serve)...)...).must(t)
	holm(append([]string{"expose", name, "8080:8443"}, flags...)...).must(t)
	urls := []string{"http://" + hostOut + ":8080/", "http://[" + hostOut6 + "]:8080/"}
	for _, url := range urls {
		if !fromWorld(t, url) {
			t.Errorf("the world does not reach %s", url)
		}
	}
	client := http.Client{Timeout: 10 * time.Second}
	if answer, err := client.Get(urls[0]); err != nil { //nolint:noctx // it has a time limit
		t.Errorf("the host does not reach what it publishes: %v", err)
	} else {
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	if got, want := holm("expose", "-o", "name").must(t), "8080/tcp\n"; got != want {
		t.Errorf("published are %q, want %q", got, want)
	}
	refusal{code: 5, says: fmt.Sprintf("port 8080/tcp leads to port 8443 of instance %q already", name)}.check(t, holm("expose", web, "8080:22"))
	holm(append([]string{"expose", name, "8080", "--rm"}, flags...)...).must(t)
	for _, url := range urls {
		if fromWorld(t, url) {
			t.Errorf("the world reaches %s after it was taken back", url)
		}
	}
}
