package provisioner_test

import (
	"cmp"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"holm/internal/fault"
	"holm/provisioner/pools"
	"holm/provisioner/tenants"
)

var (
	verbSeed   = flag.Uint64("verbs.seed", 0, "what the random verbs begin with, as a failure has printed it; 0 is another one each time")
	verbRounds = flag.Int("verbs.rounds", 60, "how many times two verbs run against each other")
)

// clear removes all instances.
func (b *bustle) clear() {
	all, err := b.records.Instances(b.t.Context())
	must(b.t, err)
	for _, inst := range all {
		must(b.t, b.process().Instances.Remove(b.t.Context(), inst.Tenant, inst.Name, nil))
	}
}

// round has several people at work at once, and tells what came of it.
func (b *bustle) round(people [][]verb, done map[string]int) (told []string) {
	var mu sync.Mutex
	together(len(people), func(i int) error {
		for _, v := range people[i] {
			err := v.run(b.t.Context(), b.process())
			mu.Lock()
			told = append(told, fmt.Sprintf("%d. %s: %v", i, v.name, err))
			if err == nil {
				done[strings.Fields(v.name)[0]]++
			}
			if fault.KindOf(err) == fault.Leftover || err != nil && fault.RemedyOf(err) == "" && fault.KindOf(err) != fault.Busy {
				b.t.Errorf("%s: %v, without a remedy", v.name, err)
			}
			mu.Unlock()
		}
		return nil
	})
	return told
}

// No pair of verbs that run at once leaves host and records apart, whoever comes first.
func TestVerbsAtRandomLeaveHostAndRecordsAsOne(t *testing.T) {
	seed := cmp.Or(*verbSeed, uint64(time.Now().UnixNano())) // #nosec G115 -- any number will do
	t.Logf("again: go test ./provisioner -run VerbsAtRandom -verbs.seed=%d", seed)
	b := newBustle(t, seed)
	must1(t)(b.process().Pools.Add(t.Context(), pools.Spec{Name: "fast", Path: b.path}))
	b.tenant("acme", tenants.Change{})
	b.tenant("bolt", tenants.Change{Instances: new(2)})
	done := map[string]int{}
	var before []string
	for round := range *verbRounds {
		at := b.focus()
		people := [][]verb{b.lines(at), b.lines(at), b.lines(at)}[:2+b.c.below(2)]
		if round%5 == 4 {
			b.clear()
			people = [][]verb{{b.create(at)}, b.ground(at), b.ground(at)}[:2+b.c.below(2)]
		}
		now := b.round(people, done)
		if wrong := b.oracle(); len(wrong) > 0 || t.Failed() {
			t.Fatalf("after round %d, of %s\nbefore it were %s\nit is wrong that %s", round,
				strings.Join(now, "\n  "), strings.Join(before, "\n  "), strings.Join(wrong, "\n  "))
		}
		before = append(before, now...)[max(0, len(before)+len(now)-12):]
	}
	t.Logf("done was %v", done)
}
