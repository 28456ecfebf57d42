//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"holm/e2e/world"
)

// reachable fetches a page from outside; it tells whether there was an answer.
func reachable(t *testing.T, w *world.World, url string) bool {
	t.Helper()
	_, err := w.Outside(t.Context(), "curl", "-gsS", "--max-time", "10", url)
	if err != nil && !strings.Contains(err.Error(), "curl: (7)") && !strings.Contains(err.Error(), "curl: (28)") {
		t.Fatalf("curl did not run: %v", err)
	}
	return err == nil
}

// testReach: who is reached from an instance of a tenant, and who reaches it.
func testReach(t *testing.T, name string, v view, flags []string) {
	w := needWorld(t)
	tenant := v.Tenant
	pings := func(to string) bool {
		o := holm(append([]string{"exec", name}, append(flags, "--", "sudo", "ping", "-n", "-c", "1", "-W", "3", to)...)...).run(t)
		if o.code != 0 && !strings.Contains(o.stdout, "packets transmitted") {
			t.Fatalf("ping did not run: exit %d\n%s", o.code, o.stderr)
		}
		return o.code == 0
	}
	for egress, want := range map[string][2]bool{"allow": {true, true}, "deny": {false, false}, "198.51.100.0/24": {true, false}, world.NetIPv6: {false, true}} {
		holm("tenant", "set", tenant, "--egress", egress).must(t)
		if got := [2]bool{pings(world.WebIPv4), pings(world.WebIPv6)}; got != want {
			t.Errorf("egress %s: the world answers by IPv4 and IPv6 %v, want %v", egress, got, want)
		}
	}
	switch out, err := w.Outside(t.Context(), "ping", "-n", "-c", "1", "-W", "2", v.Address); {
	case err == nil:
		t.Errorf("the world reaches %s uninvited", v.Address)
	case !strings.Contains(out, "packets transmitted"):
		t.Errorf("ping did not run: %v", err)
	}
	serve := "cd /etc/ssh; setsid -f python3 -m http.server --bind :: 8443 >/dev/null 2>&1; " +
		"for i in $(seq 100); do ss -Hltn sport = 8443 | grep -q . && exit 0; sleep 0.2; done; exit 1"
	holm(append([]string{"exec", name}, append(flags, "--", "sh", "-c", serve)...)...).must(t)
	holm(append([]string{"expose", name, "8080:8443"}, flags...)...).must(t)
	urls := []string{"http://" + world.HostIPv4 + ":8080/", "http://[" + world.HostIPv6 + "]:8080/"}
	for _, url := range urls {
		if !reachable(t, w, url) {
			t.Errorf("the world does not reach %s", url)
		}
	}
	client := http.Client{Timeout: 10 * time.Second}
	if answer, err := client.Get(urls[0]); err != nil { // it has a time limit
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
		if reachable(t, w, url) {
			t.Errorf("the world reaches %s after it was taken back", url)
		}
	}
}
