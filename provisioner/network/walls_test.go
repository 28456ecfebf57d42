package network

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"holm/internal/nft"
	"holm/provisioner/model"
)

// wallsSite is a machine with the rules of a network in force, among those of another.
func wallsSite(t *testing.T) (machine, Wanted) {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil || os.Geteuid() != 0 {
		t.Skip("left out: nft and root are needed to look at the kernel's rules")
	}
	m := newMachine(t)
	n, guests := sample()
	n.Flows = 2048
	other := n.OfTenant("other", "", netip.MustParsePrefix("10.200.0.0/24"), netip.Prefix{})
	m.run("nft add table inet somebody", "nft add chain inet somebody else { type filter hook forward priority 0; }")
	m.in(func() {
		for _, r := range []nft.Ruleset{n.Rules(guests), other.Rules(nil)} {
			if err := (Firewall{}).Apply(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	})
	return m, Wanted{Network: n, Guests: guests}
}

func (m machine) look(w Wanted) (found Walls) {
	m.t.Helper()
	m.in(func() {
		all, err := (Firewall{}).Look(m.t.Context(), []Wanted{w})
		if err != nil || len(all) != 1 {
			m.t.Errorf("%v, %v", all, err)
			return
		}
		found = all[0]
	})
	return found
}

func TestRulesThatAreInForceAreWhole(t *testing.T) {
	m, w := wallsSite(t)
	first := m.look(w)
	if !first.Whole() || first.Digest == "" {
		t.Fatalf("%+v", first)
	}
	making := Guest{MAC: "52:54:00:4e:11:0e", Address: netip.MustParseAddr("10.77.0.14")}
	w.Perhaps = []Guest{making}
	if got := m.look(w); !got.Whole() || got.Digest != first.Digest {
		t.Errorf("an instance that is being made, and has no rules yet: %s", got)
	}
	m.in(func() {
		if err := (Firewall{}).Apply(t.Context(), w.Network.Rules(append(slices.Clone(w.Guests), making))); err != nil {
			t.Error(err)
		}
	})
	if got := m.look(w); !got.Whole() || got.Digest == first.Digest {
		t.Errorf("an instance that is being made, and has its rules: %s", got)
	}
	w.Perhaps = nil
	if got := m.look(w); got.Whole() {
		t.Error("rules for an instance that there is not are no difference")
	}
}

// TestEveryRuleThatIsTakenAwayOrWeakenedIsSeen goes through the real kernel's rules, one after the other.
func TestEveryRuleThatIsTakenAwayOrWeakenedIsSeen(t *testing.T) {
	m, w := wallsSite(t)
	restored, err := w.Network.Rules(w.Guests).Encode()
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/rules.json"
	if err := os.WriteFile(file, restored, 0o600); err != nil {
		t.Fatal(err)
	}
	sabotaged := 0
	try := func(what string, lines ...string) {
		t.Helper()
		m.run(append([]string{"nft -j -f " + file}, lines...)...)
		if got := m.look(w); got.Whole() {
			t.Errorf("%s is not seen", what)
		}
		sabotaged++
	}
	for _, r := range m.handles(w.Network, file) {
		at := fmt.Sprintf("%s %s %s handle %d", r.Family, r.Table, r.Chain, r.Handle)
		try("without "+at, "nft delete rule "+at)
	}
	for _, table := range w.Network.Tables() {
		name := table.Family + " " + table.Name
		try("no table "+name, "nft delete table "+name)
		try("an empty table "+name, "nft flush table "+name)
		try("a sleeping table "+name, "nft add table "+name+" { flags dormant; }")
	}
	inet := "inet " + w.Network.Tables()[0].Name
	for _, chain := range []string{"first", "to-host", "through", "expose", "out"} {
		try("a rule before all of "+chain, "nft insert rule "+inet+" "+chain+" accept")
		try("a rule after all of "+chain, "nft add rule "+inet+" "+chain+" accept")
	}
	try("another policy", "nft add chain "+inet+" through { policy drop; }")
	try("a set more", "nft add set "+inet+" more { type ipv4_addr; }")
	if sabotaged < 40 {
		t.Errorf("only %d were tried", sabotaged)
	}
	m.run("nft -j -f " + file)
	if got := m.look(w); !got.Whole() {
		t.Errorf("control: put back it is not whole: %s", got)
	}
}

// numbered is a rule as the kernel has it.
type numbered struct {
	Family, Table, Chain string
	Handle               int
}

// handles are the rules of a network's tables, put in force anew by each use of file: their numbers are the same each time.
func (m machine) handles(n Network, file string) (all []numbered) {
	m.t.Helper()
	m.run("nft -j -f " + file)
	for _, table := range n.Tables() {
		m.in(func() {
			text, err := exec.CommandContext(m.t.Context(), "nft", "-j", "list", "table", table.Family, table.Name).Output()
			if err != nil {
				m.t.Error(err)
			}
			var doc struct {
				Objects []struct{ Rule *numbered } `json:"nftables"`
			}
			if err := json.Unmarshal(text, &doc); err != nil {
				m.t.Error(err)
			}
			for _, o := range doc.Objects {
				if o.Rule != nil {
					all = append(all, *o.Rule)
				}
			}
		})
	}
	return all
}

// What an earlier rule accepts no later one drops.
func TestRulesInAnotherOrderAreNotWhole(t *testing.T) {
	n := Default()
	want, moved := nft.Listing{}, nft.Listing{}
	for _, table := range n.Tables() {
		want[table] = []string{"table", "rule first a", "rule first b"}
		moved[table] = []string{"table", "rule first b", "rule first a"}
	}
	if got := compare(n, want, want); !got.Whole() {
		t.Errorf("as they are to be: %s", got)
	}
	if got := compare(n, moved, want); got.Whole() || got.String() != "the rules are in another order" {
		t.Errorf("moved: %s", got)
	}
}

// Each network that is weaker than it is to be, by what was asked of the kernel itself, is another one.
func TestWeakerRulesAreSeenForWhatTheyAre(t *testing.T) {
	m, w := wallsSite(t)
	for name, weaken := range map[string]func(n *Network, guests []Guest){
		"everybody may be spoken to": func(n *Network, _ []Guest) { n.Egress = Egress{} },
		"one network more": func(n *Network, _ []Guest) {
			n.Egress.Only = append(n.Egress.Only, netip.MustParsePrefix("203.0.113.0/24"))
		},
		"neighbours":       func(n *Network, _ []Guest) { n.Internal = true },
		"more connections": func(n *Network, _ []Guest) { n.Flows = 4096 },
		"a wider network":  func(n *Network, _ []Guest) { n.Subnet = netip.MustParsePrefix("10.77.0.0/16") },
		"no IPv6":          func(n *Network, _ []Guest) { n.Subnet6 = netip.Prefix{} },
		"a port more": func(_ *Network, guests []Guest) {
			guests[1].Exposed = []model.Port{{Protocol: "tcp", Host: 22, Guest: 22}}
		},
		"a port elsewhere": func(_ *Network, guests []Guest) {
			guests[0].Exposed = []model.Port{{Protocol: "tcp", Host: 443, Guest: 22}, {Protocol: "udp", Host: 53, Guest: 5353}}
		},
		"no limit":                 func(_ *Network, guests []Guest) { guests[0].Mbit = 0 },
		"a higher limit":           func(_ *Network, guests []Guest) { guests[0].Mbit = 200 },
		"another hardware address": func(_ *Network, guests []Guest) { guests[1].MAC = "52:54:00:4e:11:0f" },
		"a metadata address less":  func(n *Network, _ []Guest) { n.Metadata = nil },
	} {
		w.Network.Metadata = []netip.Prefix{netip.MustParsePrefix("192.0.2.254/32")}
		weak, guests := w.Network, slices.Clone(w.Guests)
		weaken(&weak, guests)
		m.in(func() {
			if err := (Firewall{}).Apply(t.Context(), weak.Rules(guests)); err != nil {
				t.Error(err)
			}
		})
		if got := m.look(w); got.Whole() || !strings.Contains(got.String(), "rules") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
