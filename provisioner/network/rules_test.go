package network

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/nft"
	"holm/provisioner/model"
)

func sample() (Network, []Guest) {
	n := Default()
	n.Egress = Egress{Closed: true, Only: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}}
	web := Guest{
		MAC: "52:54:00:4e:11:0c", Address: netip.MustParseAddr("10.77.0.12"),
		Exposed: []model.Port{{Protocol: "tcp", Host: 443, Guest: 8443}, {Protocol: "udp", Host: 53, Guest: 5353}}, Mbit: 100,
	}
	web.Address6 = n.Address6(web.Address)
	old := Guest{MAC: "52:54:00:4e:11:0d", Address: netip.MustParseAddr("10.77.0.13")}
	return n, []Guest{web, old}
}

func TestTheRulesOfANetworkAreAsTheGoldenFileSays(t *testing.T) {
	n, guests := sample()
	got, err := n.Rules(guests).Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "rules.json", got)
}

func TestTheGuardIsAsTheGoldenFileSays(t *testing.T) {
	name, got, err := Guard("/var/lib/holm")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "guard.xml", []byte(got+"\n"))
	if again, _, err := Guard("/var/lib/holm"); err != nil || again != name || len(name) != len("holm-guard-01234567-0123456789ab") {
		t.Errorf("it is named %q and then %q (%v)", name, again, err)
	}
}

// The last instance of a state directory takes the filter with it: of another one's it must not be.
func TestNoTwoStateDirectoriesShareAFilter(t *testing.T) {
	one, first, err := Guard("/var/lib/holm")
	other, second, otherErr := Guard("/srv/holm")
	if err != nil || otherErr != nil || one == other {
		t.Errorf("they are named %q and %q (%v, %v)", one, other, err, otherErr)
	}
	if UUID(one) == UUID(other) || !strings.Contains(first, UUID(one)) || !strings.Contains(second, UUID(other)) {
		t.Errorf("they share a UUID: %s, %s", first, second)
	}
}

// TestTheKernelTakesTheRules has the real nft and the real kernel take them, in a network namespace of its own: a second
// time over the first, with everything and with nothing in them, and away again, also when they are away.
func TestTheKernelTakesTheRules(t *testing.T) {
	program, err := exec.LookPath("nft")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("left out: nft and root are needed to hold the rules against the kernel")
	}
	n, guests := sample()
	bare := n
	bare.Subnet6, bare.Egress, bare.Internal = netip.Prefix{}, Egress{}, true
	rulesets := []nft.Ruleset{n.Removal(), n.Rules(guests), n.Rules(guests), bare.Rules(nil), bare.Rules(guests), n.Removal(), n.Removal()}
	script := ""
	for i, r := range rulesets {
		text, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "rules.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		script += program + " -j -f " + file + " || exit " + string(rune('1'+i)) + "\n"
	}
	script += `test -z "$(` + program + ` list tables)"`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the ruleset of that number, counted from 1, is not taken, or something is left: %v: %s", err, out)
	}
}

// TestCountersAreReadFromTheKernel goes through this host's own packet filter, with a table that no bridge is behind.
func TestCountersAreReadFromTheKernel(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil || os.Geteuid() != 0 {
		t.Skip("left out: nft and root are needed to read the kernel's counters")
	}
	n, guests := sample()
	n.Bridge = "holm-test-rules"
	ctx := context.WithoutCancel(t.Context())
	var f Firewall
	t.Cleanup(func() {
		if err := f.Apply(ctx, n.Removal()); err != nil {
			t.Error(err)
		}
	})
	if got, err := f.Counters(ctx, n); err != nil || got != nil {
		t.Errorf("counters of a table that is not there: %v, %v", got, err)
	}
	if err := f.Apply(ctx, n.Rules(guests)); err != nil {
		t.Fatal(err)
	}
	got, err := f.Counters(ctx, n)
	want := map[string]uint64{
		CountHost: 0, CountLoopback: 0, CountMetadata: 0, CountSpoofed: 0, CountNeighbours: 0, CountUninvited: 0, CountEgress: 0, CountCrowded: 0, CountForeign: 0, CountForged: 0, CountFlood: 0, CountRate: 0,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var wrong nft.Ruleset
	wrong.Rule(n.Tables()[0], "nowhere", nft.Accept())
	if err := f.Apply(ctx, wrong); err == nil {
		t.Error("nft takes anything")
	}
}
