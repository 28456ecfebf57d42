//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holm/e2e/world"
)

// echoes answers at a port, by TCP and UDP and both families, with the address of who asks.
const echoes = `
import socket, sys, threading
port = int(sys.argv[1])
def tcp():
    s = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        c, a = s.accept()
        threading.Thread(target=talk, args=(c, a), daemon=True).start()
def talk(c, a):
    while c.recv(100):
        c.sendall(a[0].removeprefix("::ffff:").encode())
def udp():
    u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    u.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    u.bind(("::", port))
    while True:
        a = u.recvfrom(100)[1]
        u.sendto(a[0].removeprefix("::ffff:").encode(), a)
threading.Thread(target=tcp).start()
threading.Thread(target=udp).start()
`

// asks says what comes back: kind, address, port, the port that it asks from, and how often it asks, a second apart.
const asks = `
import socket, sys, time
kind, host, port, own, times = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.settimeout(8)
if own:
    s.bind(("", own))
got = "nothing"
try:
    s.connect((host, port))
    for i in range(times):
        if i:
            time.sleep(1)
        got = "nothing"
        s.sendall(b"?")
        got = s.recv(100).decode() or "nothing"
except OSError as e:
    got = "nothing"
print(got)
`

// testPublished: who reaches a published port, and when no longer.
func testPublished(t *testing.T, w *world.World, name string, v view, flags []string) {
	thorough(t)
	const port, own = "8090", "40123"
	inside := func(args ...string) string {
		return strings.TrimSpace(holm(append(append([]string{"exec", name}, flags...), append([]string{"--"}, args...)...)...).must(t))
	}
	outside := func(args ...string) string {
		out, err := w.Outside(t.Context(), "python3", append([]string{"-c", asks}, args...)...)
		if err != nil {
			t.Fatalf("python did not run outside: %v", err)
		}
		return strings.TrimSpace(out)
	}
	here := func(address string) string {
		out, err := exec.CommandContext(t.Context(), "python3", "-c", asks, "tcp", address, port, "0", "1").CombinedOutput()
		if err != nil {
			t.Fatalf("python did not run here: %v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	// A session of its own outlives the command.
	inside("sh", "-c", "setsid -f python3 -c '"+strings.ReplaceAll(echoes, "'", `'\''`)+"' 8091 >/dev/null 2>&1; "+
		"for i in $(seq 100); do ss -Hltn sport = 8091 | grep -q . && exit 0; sleep 0.2; done; exit 1")
	if got := outside("udp", world.HostIPv4, port, own, "1"); got != "nothing" {
		t.Errorf("nothing is published, and %q answers", got)
	}
	published := []string{port + ":8091", port + ":8091/udp"}
	holm(append(append([]string{"expose", name}, published...), flags...)...).must(t)
	if got := outside("udp", world.HostIPv4, port, own, "1"); got != world.ClientIPv4 {
		t.Errorf("a flow of UDP from before gets %q, want %q", got, world.ClientIPv4)
	}
	gateway := v.Address[:strings.LastIndex(v.Address, ".")] + ".1"
	reached := func(when string) {
		t.Helper()
		for _, c := range []struct{ from, got, want string }{
			{"outside", outside("tcp", world.HostIPv4, port, "0", "1"), world.ClientIPv4},
			{"outside, in IPv6", outside("tcp", world.HostIPv6, port, "0", "1"), world.ClientIPv6},
			{"the host", here(world.HostIPv4), world.HostIPv4},
			{"the host's localhost", here("127.0.0.1"), gateway},
			{"the host's ::1, which the kernel cannot", here("::1"), "nothing"},
		} {
			if c.got != c.want {
				t.Errorf("%s, from %s: got %q, want %q", when, c.from, c.got, c.want)
			}
		}
	}
	reached("as published")
	// Where bridges hand their frames to iptables, port isolation ends what an instance sends itself: doctor says so.
	if handed, err := os.ReadFile("/proc/sys/net/bridge/bridge-nf-call-iptables"); err == nil && strings.TrimSpace(string(handed)) == "1" {
		t.Log("left out: from itself by the host's address, as net.bridge.bridge-nf-call-iptables is 1")
	} else if got := inside("python3", "-c", asks, "tcp", world.HostIPv4, port, "0", "1"); got != gateway {
		t.Errorf("from itself by the host's address: got %q, want %q", got, gateway)
	}
	bridge, err := os.Readlink("/sys/class/net/" + tapOf(t, v.Domain) + "/master")
	if err != nil {
		t.Fatal(err)
	}
	// As by "nft flush ruleset", and nobody else's.
	for _, family := range []string{"inet", "bridge"} {
		command(t, "nft", "delete", "table", family, "holm."+filepath.Base(bridge))
	}
	holm(append([]string{"start", name}, flags...)...).must(t)
	reached("after its rules were flushed and it was started")
	flowing := make(chan string)
	go func() {
		out, err := w.Outside(context.WithoutCancel(t.Context()), "python3", "-c", asks, "tcp", world.HostIPv4, port, "0", "40")
		if err != nil {
			out = err.Error()
		}
		flowing <- strings.TrimSpace(out)
	}()
	if got := outside("tcp", world.HostIPv4, port, "0", "4"); got != world.ClientIPv4 {
		t.Errorf("a connection that lasts: %q", got)
	}
	holm(append([]string{"expose", name, port, port + "/udp", "--rm"}, flags...)...).must(t)
	if got := <-flowing; got != "nothing" {
		t.Errorf("a connection goes on although its port was taken back: %q", got)
	}
	if got := outside("udp", world.HostIPv4, port, own, "1"); got != "nothing" {
		t.Errorf("a flow of UDP goes on although its port was taken back: %q", got)
	}
}
