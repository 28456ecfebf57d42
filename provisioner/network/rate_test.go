package network

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestARateIsHeldToByTheRealKernel sends real packets through a bridge, from a network namespace that plays the guest: an
// unlimited card gets all of a burst through, a limited one what its rate allows and what it has saved up for.
func TestARateIsHeldToByTheRealKernel(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil || os.Geteuid() != 0 {
		t.Skip("left out: nft and root are needed to limit real packets")
	}
	const mac, mbit, sent = "52:54:00:4e:11:0c", 8, 4000 // 8 Mbit/s are 1 MB/s; 4000 packets of 1000 bytes are 4 MB
	n := Network{Name: "holm-rate", Bridge: "br0", Subnet: netip.MustParsePrefix("10.9.0.0/24"), Internal: true}
	for _, limit := range []int{0, mbit} {
		rules, err := n.Rules([]Guest{{MAC: mac, Address: netip.MustParseAddr("10.9.0.10"), Mbit: limit}}).Encode()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		// The sender is a child of the shell, in a namespace of its own; what the bridge has let through is what its far
		// port has received.
		script := `set -e
ip link add br0 type bridge; ip link set br0 up
unshare -n sleep 60 >/dev/null 2>&1 & sender=$!
trap "kill $sender" EXIT
seen() { awk '/sink:/ { print $3 }' /proc/self/net/dev; }
for i in $(seq 100); do [ "$(readlink /proc/$sender/ns/net)" != "$(readlink /proc/$$/ns/net)" ] && break; sleep 0.05; done
ip link add p0 type veth peer name g0; ip link set p0 master br0 up; ip link set g0 netns $sender
ip link add p1 type veth peer name sink; ip link set p1 master br0 up; ip link set sink up
nsenter -t $sender -n sh -c 'ip link set g0 address ` + mac + ` up; ip address add 10.9.0.10/24 dev g0; ip neigh add 10.9.0.20 lladdr 52:54:00:00:00:20 dev g0'
nft -j -f -
before=$(seen)
nsenter -t $sender -n bash -c 'for i in $(seq ` + fmt.Sprint(sent) + `); do printf "%01000d" 0 >/dev/udp/10.9.0.20/9; done' 2>/dev/null
echo $(( $(seen) - before ))`
		cmd := exec.CommandContext(ctx, "bash", "-c", script)
		cmd.Stdin = strings.NewReader(string(rules))
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		began := time.Now()
		out, err := cmd.Output()
		took := time.Since(began)
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var arrived int
		if _, err := fmt.Sscan(strings.TrimSpace(string(out)), &arrived); err != nil {
			t.Fatalf("%v: %q", err, out)
		}
		allowed := int((took.Seconds()+1)*mbit*1e6/8)/1000 + (256<<10)/1000
		switch {
		case limit == 0 && arrived < sent:
			t.Errorf("without a limit %d of %d arrived", arrived, sent)
		case limit != 0 && (arrived > allowed || arrived == 0):
			t.Errorf("with a limit %d of %d arrived in %v, and %d are allowed", arrived, sent, took, allowed)
		}
		t.Logf("limit %d Mbit/s: %d of %d packets of 1000 bytes arrived in %v", limit, arrived, sent, took)
	}
}
