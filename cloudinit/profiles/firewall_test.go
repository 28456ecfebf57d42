package profiles

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/nft"
)

func rules(t *testing.T, profile string) nft.Ruleset {
	t.Helper()
	var r nft.Ruleset
	if err := json.Unmarshal(content(t, profile, "/etc/holm/firewall.json"), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOnlyTheProfilesPortsAreOpen(t *testing.T) {
	for profile, want := range map[string][]string{
		Plain: {"@exposed-tcp", "@exposed-udp", "22"}, Docker: {"@exposed-tcp", "@exposed-udp", "22"}, K3s: {"@exposed-tcp", "@exposed-udp", "22", "6443"},
	} {
		var open []string
		for _, c := range rules(t, profile).Commands {
			if c.Add == nil || c.Add.Rule == nil || c.Add.Rule.Chain != "input" {
				continue
			}
			last := c.Add.Rule.Statements[len(c.Add.Rule.Statements)-1]
			for _, s := range c.Add.Rule.Statements {
				if last.Accept != nil && s.Match != nil && s.Match.Left.Payload != nil && s.Match.Left.Payload.Field == "dport" {
					open = append(open, s.Match.Right.Values...)
				}
			}
		}
		if diff := cmp.Diff(want, open); diff != "" {
			t.Errorf("%s: open ports (-want +got):\n%s", profile, diff)
		}
	}
}

func TestWhatNoRuleDecidesIsDropped(t *testing.T) {
	for _, profile := range everyProfile() {
		var hooks []string
		for _, c := range rules(t, profile).Commands {
			if c.Add == nil || c.Add.Chain == nil {
				continue
			}
			hooks = append(hooks, c.Add.Chain.Hook)
			if c.Add.Chain.Policy != "drop" {
				t.Errorf("%s: the policy of %s is %s", profile, c.Add.Chain.Name, c.Add.Chain.Policy)
			}
		}
		if !slices.Equal(hooks, []string{"input", "forward"}) {
			t.Errorf("%s: chains at %q", profile, hooks)
		}
	}
}

func TestOnlyK3sForwards(t *testing.T) {
	for profile, want := range map[string]int{Plain: 0, Docker: 0, K3s: 2} {
		count := 0
		for _, c := range rules(t, profile).Commands {
			if c.Add != nil && c.Add.Rule != nil && c.Add.Rule.Chain == "forward" {
				count++
			}
		}
		if count != want {
			t.Errorf("%s: %d rules in the chain forward, want %d", profile, count, want)
		}
	}
}

// TestNftTakesTheRules has the real nft check them, in a network namespace of its own.
func TestNftTakesTheRules(t *testing.T) {
	program, err := exec.LookPath("nft")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("nft and root are needed to check the rules against the kernel")
	}
	check := func(text []byte) ([]byte, error) {
		file := filepath.Join(t.TempDir(), "firewall.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), program, "-c", "-j", "-f", file)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		return cmd.CombinedOutput()
	}
	if out, err := check([]byte(`{"nftables":[{"flush":{"ruleset":null}}]}`)); err != nil {
		t.Skipf("nft does not work on this machine: %v: %s", err, out)
	}
	for _, profile := range everyProfile() {
		if out, err := check(content(t, profile, "/etc/holm/firewall.json")); err != nil {
			t.Errorf("%s: %v: %s", profile, err, out)
		}
	}
	var wrong nft.Ruleset
	table := nft.Table{Family: "inet", Name: "holm"}
	wrong.Table(table)
	wrong.Rule(table, "nowhere", nft.Accept())
	text, err := wrong.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := check(text); err == nil {
		t.Errorf("nft takes anything: %s", out)
	}
}
