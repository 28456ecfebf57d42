package provisioner_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"holm/internal/nft"
	"holm/internal/strictjson"
	"holm/provisioner/network"
)

// wall is a packet filter that keeps the rules of each table as text, and refuses to delete what is not there, as the
// kernel does.
type wall struct {
	mu     sync.Mutex
	tables map[string]string // "inet holm.holm0" → its rules
	fail   error
	// settled is how many ports each network had published when its rules were followed up.
	settled map[string]int
	// applying is called before rules are applied, outside of the lock.
	applying func()
}

// Apply implements provisioner.Firewall.
func (w *wall) Apply(ctx context.Context, r nft.Ruleset) error {
	if w.applying != nil {
		w.applying()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.fail != nil {
		return w.fail
	}
	if _, err := r.Encode(); err != nil {
		return err
	}
	next := maps.Clone(w.tables)
	if next == nil {
		next = map[string]string{}
	}
	for _, c := range r.Commands {
		switch {
		case c.Delete != nil:
			key := c.Delete.Table.Family + " " + c.Delete.Table.Name
			if _, there := next[key]; !there {
				return fmt.Errorf("no such table: %s", key)
			}
			delete(next, key)
		case c.Add.Table != nil:
			next[c.Add.Table.Family+" "+c.Add.Table.Name] += ""
		case c.Add.Rule != nil:
			text, err := strictjson.Encode(c.Add.Rule.Statements)
			if err != nil {
				return err
			}
			next[c.Add.Rule.Family+" "+c.Add.Rule.Table] += c.Add.Rule.Chain + " " + string(text)
		}
	}
	w.tables = next
	return nil
}

// Settle implements provisioner.Firewall.
func (w *wall) Settle(ctx context.Context, n network.Network, guests []network.Guest) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.settled == nil {
		w.settled = map[string]int{}
	}
	w.settled[n.Name] = 0
	for _, g := range guests {
		w.settled[n.Name] += len(g.Exposed)
	}
	return ctx.Err()
}

// Look implements provisioner.Firewall.
func (w *wall) Look(ctx context.Context, all []network.Wanted) ([]network.Walls, error) {
	var found []network.Walls
	for _, one := range all {
		var asked wall
		guests := slices.SortedFunc(slices.Values(one.Guests), func(a, b network.Guest) int { return a.Address.Compare(b.Address) })
		if err := asked.Apply(ctx, one.Network.Rules(guests)); err != nil {
			return nil, err
		}
		is := network.Walls{Bridge: one.Network.Bridge, Lines: 1, Digest: "sum of " + one.Network.Bridge}
		w.mu.Lock()
		for _, t := range one.Network.Tables() {
			switch name := t.Family + " " + t.Name; w.tables[name] {
			case asked.tables[name]:
			case "":
				is.Absent = append(is.Absent, name)
			default:
				is.Strange = append(is.Strange, name+" rule")
			}
		}
		w.mu.Unlock()
		found = append(found, is)
	}
	return found, nil
}

// names are those of the tables that there are, sorted.
func (w *wall) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.tables))
}

// rules returns the lines of a table that contain word.
func (w *wall) rules(table, word string) (found []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(w.tables[table]) {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return found
}
