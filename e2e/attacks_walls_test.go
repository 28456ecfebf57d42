//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lifted is how the rules that take the walls down are told from all others.
const lifted = "holm-e2e: walls down"

// nftRule is one rule of the host's packet filter, as nft says it.
type nftRule struct {
	Family  string           `json:"family"`
	Table   string           `json:"table"`
	Chain   string           `json:"chain"`
	Handle  int              `json:"handle,omitempty"`
	Comment string           `json:"comment,omitempty"`
	Expr    []map[string]any `json:"expr,omitempty"`
}

type nftChain struct {
	Family, Table, Name, Type, Hook string
}

type nftCounter struct {
	Family, Table, Name string
	Packets             uint64
}

type nftObject struct {
	Rule    *nftRule    `json:"rule"`
	Chain   *nftChain   `json:"chain"`
	Counter *nftCounter `json:"counter"`
}

// nftRuleset is all of the host's packet filter: holm's, libvirt's, and ebtables' by nft.
func nftRuleset(t *testing.T) []nftObject {
	t.Helper()
	cmd := exec.Command("nft", "-j", "list", "ruleset")
	var diag bytes.Buffer
	cmd.Stderr = &diag
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("nft -j list ruleset: %v\n%s", err, diag.String())
	}
	var all struct{ Nftables []nftObject }
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	return all.Nftables
}

func nftApply(t *testing.T, commands []any) {
	t.Helper()
	if len(commands) == 0 {
		return
	}
	text, err := json.Marshal(map[string]any{"nftables": commands})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("nft", "-j", "-f", "-")
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft -j -f -: %v\n%s", err, out)
	}
}

// counters reads every counter that says that something was stopped: of rules that drop or refuse, and those with a name.
// Interfaces are called as the guests whose they are.
func counters(t *testing.T, names *strings.Replacer) map[string]uint64 {
	t.Helper()
	found, named := map[string]uint64{}, map[string]bool{}
	objects := nftRuleset(t)
	for _, o := range objects {
		if o.Rule == nil {
			continue
		}
		packets, name, stops, lets := ruling(o.Rule.Expr)
		switch {
		case name != "" && !lets:
			named[o.Rule.Family+" "+o.Rule.Table+" "+name] = true
		case name == "" && stops:
			found[names.Replace(strings.Join([]string{o.Rule.Family, o.Rule.Table, o.Rule.Chain}, " "))] += packets
		}
	}
	for _, o := range objects {
		if o.Counter == nil {
			continue
		}
		if key := o.Counter.Family + " " + o.Counter.Table + " " + o.Counter.Name; named[key] {
			found[names.Replace(key)] += o.Counter.Packets
		}
	}
	return found
}

// ruling reads what a rule counts, and whether it stops what it matches or lets it through.
func ruling(expr []map[string]any) (packets uint64, name string, stops, lets bool) {
	for _, e := range expr {
		for key, value := range e {
			switch key {
			case "counter":
				if object, inline := value.(map[string]any); inline {
					n, _ := object["packets"].(float64)
					packets = uint64(n)
				} else {
					name, _ = value.(string)
				}
			case "drop", "reject":
				stops = true
			case "accept", "return":
				lets = true
			}
		}
	}
	return packets, name, stops, lets
}

// takeDown takes every wall down that stands before these interfaces, and before no others: the packet filter lets
// through whatever comes from or goes to them, the bridges' ports are not isolated, and the bridges are hubs. It is how
// the table knows that its frames would arrive if nothing stopped them.
func takeDown(t *testing.T, taps, bridges []string) {
	t.Helper()
	t.Cleanup(func() { putUp(t) })
	var commands []any
	for _, o := range nftRuleset(t) {
		if o.Chain == nil || o.Chain.Hook == "" || o.Chain.Type != "filter" {
			continue
		}
		for _, name := range slices.Concat(taps, bridges) {
			for _, key := range []string{"iifname", "oifname"} {
				commands = append(commands, map[string]any{"insert": map[string]any{"rule": letThrough(o.Chain, key, name)}})
			}
		}
	}
	nftApply(t, commands)
	for _, tap := range taps {
		setting(t, filepath.Join("/sys/class/net", tap, "brport/isolated"), "0")
	}
	for _, bridge := range bridges {
		setting(t, filepath.Join("/sys/class/net", bridge, "bridge/ageing_time"), "0")
	}
}

// letThrough is a rule for one interface, in the form in which iptables and ebtables write theirs: one that they cannot
// read would keep libvirt from starting guests meanwhile.
func letThrough(c *nftChain, key, name string) nftRule {
	return nftRule{
		Family: c.Family, Table: c.Table, Chain: c.Name, Comment: lifted,
		Expr: []map[string]any{
			{"match": map[string]any{"op": "==", "left": map[string]any{"meta": map[string]any{"key": key}}, "right": name}},
			{"accept": nil},
		},
	}
}

// putUp takes the rules of takeDown away again, also those of a run that was killed.
func putUp(t *testing.T) {
	t.Helper()
	var commands []any
	for _, o := range nftRuleset(t) {
		if o.Rule != nil && o.Rule.Comment == lifted {
			commands = append(commands, map[string]any{"delete": map[string]any{"rule": nftRule{
				Family: o.Rule.Family, Table: o.Rule.Table, Chain: o.Rule.Chain, Handle: o.Rule.Handle,
			}}})
		}
	}
	nftApply(t, commands)
}

// setting changes a setting of the kernel's until the test ends.
func setting(t *testing.T, file, value string) {
	t.Helper()
	before := strings.TrimSpace(readFile(t, file))
	if err := os.WriteFile(file, []byte(value), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.WriteFile(file, []byte(before), 0) }) // the guest may be gone
}
