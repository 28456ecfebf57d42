package network

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"holm/internal/nft"
)

// Wanted are the rules that a network is to have: those of the instances that are in it, and of those that are being made or
// removed, as far as the kernel knows them by now.
type Wanted struct {
	Network Network
	Guests  []Guest
	Perhaps []Guest
}

// Walls are what the kernel has of a network's rules, beside what it is to have.
type Walls struct {
	Bridge  string
	Absent  []string // tables that are not there: "inet holm.holm0"
	Missing []string // lines that are not there
	Strange []string // lines that nobody asked for
	Moved   bool     // all are there, and in another order
	Lines   int      // how many there are
	Digest  string   // SHA-256 of what there is, without counts: "" when there is nothing
}

// Whole tells whether the kernel has what it is to have, and no more.
func (w Walls) Whole() bool {
	return w.Lines > 0 && len(w.Absent)+len(w.Missing)+len(w.Strange) == 0 && !w.Moved
}

// String says for people what is wrong.
func (w Walls) String() string {
	switch {
	case w.Whole():
		return fmt.Sprintf("%d lines of rules are as they are to be", w.Lines)
	case len(w.Absent) > 0:
		return "there is no table " + strings.Join(w.Absent, ", ")
	case len(w.Missing) > 0 && len(w.Strange) > 0:
		return fmt.Sprintf("%d rules are missing and %d are none of holm's, such as %s", len(w.Missing), len(w.Strange), w.Strange[0])
	case len(w.Missing) > 0:
		return fmt.Sprintf("%d rules are missing, such as %s", len(w.Missing), w.Missing[0])
	case len(w.Strange) > 0:
		return fmt.Sprintf("%d rules are none of holm's, such as %s", len(w.Strange), w.Strange[0])
	case w.Moved:
		return "the rules are in another order"
	}
	return "there are no rules"
}

// rules are what the network is to have by what the kernel lists: an instance that is being made or removed has its rules in
// force, or none.
func (w Wanted) rules(have nft.Listing) nft.Ruleset {
	guests := slices.Clone(w.Guests)
	for _, g := range w.Perhaps {
		if slices.ContainsFunc(have[w.Network.Tables()[1]], func(line string) bool { return strings.Contains(line, g.MAC) }) {
			guests = append(guests, g)
		}
	}
	slices.SortFunc(guests, func(a, b Guest) int { return a.Address.Compare(b.Address) })
	return w.Network.Rules(guests)
}

// compare holds what the kernel has of a network against what it makes of the rules that it is to have.
func compare(n Network, have, want nft.Listing) Walls {
	w := Walls{Bridge: n.Bridge}
	digest := sha256.New()
	for _, t := range n.Tables() {
		name := t.Family + " " + t.Name
		its, asked := have[t], want[t]
		if its == nil {
			w.Absent = append(w.Absent, name)
			continue
		}
		w.Lines += len(its)
		_, _ = fmt.Fprintf(digest, "%s\n%s\n", name, strings.Join(its, "\n")) // never fails
		missing, strange := without(asked, its), without(its, asked)
		w.Missing, w.Strange = append(w.Missing, within(t, missing)...), append(w.Strange, within(t, strange)...)
		w.Moved = w.Moved || len(missing)+len(strange) == 0 && !slices.Equal(its, asked)
	}
	if w.Lines > 0 {
		w.Digest = hex.EncodeToString(digest.Sum(nil))
	}
	return w
}

// without are the lines of a that b does not have, or not as often.
func without(a, b []string) (left []string) {
	count := map[string]int{}
	for _, line := range b {
		count[line]++
	}
	for _, line := range a {
		if count[line]--; count[line] < 0 {
			left = append(left, line)
		}
	}
	return left
}

func within(t nft.Table, lines []string) []string {
	named := make([]string, len(lines))
	for i, line := range lines {
		named[i] = t.Family + " " + line
	}
	return named
}
