//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2" //nolint:depguard // the same seed gives the same choices again
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	bustleSeed = flag.Uint64("bustle.seed", 0, "what the random verbs begin with, as a failure has printed it; 0 is another one each time")
	bustleTime = flag.Duration("bustle.time", 2*time.Minute, "how long rounds of verbs are begun")
)

// within is how long a verb may take: what waits for a guest is given less.
const verbWithin = 3 * time.Minute

// bustle is a host on which several people are at work at once, each with the real program.
type bustle struct {
	t      *testing.T
	c      *rand.Rand // of the one who thinks the verbs up
	dir    string
	pool   string // where a file system is mounted
	stubs  *stubs
	images []string
	before surveyed
	mu     sync.Mutex
	done   map[string]int
}

func newBustle(t *testing.T, seed uint64) *bustle {
	t.Helper()
	b := &bustle{t: t, c: rand.New(rand.NewPCG(seed, 0)), dir: scratch(t, "bustle"), stubs: newStubs(t), done: map[string]int{}} // #nosec G404 -- no secret
	b.pool = filepath.Join(scratch(t, "pools"), "fast")
	fileSystem(t, b.pool, "fast", 2000)
	if err := prepare(t.Context(), b.dir, "holm-e2e-3", "10.179.0.0/24"); err != nil {
		t.Fatal(err)
	}
	b.build()
	b.purge()
	b.before = surveyHost(t, b.dir)
	t.Cleanup(func() {
		b.clear()
		b.purge()
	})
	return b
}

// purge takes from libvirt what a run has left that could not clear up after itself. No other run is to stumble over it.
func (b *bustle) purge() {
	for name := range strings.FieldsSeq(virsh(b.t, "list", "--all", "--name")) {
		if strings.HasPrefix(name, "holm.") && strings.Contains(name, "."+prefix+"bustle-") {
			b.t.Logf("%s was left", name)
			if strings.TrimSpace(virsh(b.t, "domstate", name)) != "shut off" {
				virsh(b.t, "destroy", name)
			}
			virsh(b.t, "undefine", name)
		}
	}
}

// build is "image build": what was removed is there again.
func (b *bustle) build() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.images = nil
	for _, builder := range []string{"one", "another"} {
		digest, err := b.stubs.publish(b.dir, builder)
		if err != nil {
			b.t.Error(err)
		}
		b.images = append(b.images, digest)
	}
}

func (b *bustle) pick(of ...string) string { return of[b.c.IntN(len(of))] }

// must runs a verb that nothing stands in the way of.
func (b *bustle) must(args ...string) {
	b.t.Helper()
	if o := holm(args...).in(b.dir).do(context.Background()); o.code != 0 {
		b.t.Errorf("holm %s: exit %d\n%s", strings.Join(args, " "), o.code, tail(o.stderr))
	}
}

// clear removes all that was made, through holm.
func (b *bustle) clear() {
	a := b.records()
	for _, inst := range a.instances {
		b.must("rm", "--yes", "--tenant", inst.Tenant, inst.Name)
	}
	for _, tenant := range a.tenants {
		if tenant.Name != "default" {
			b.must("tenant", "rm", "--yes", tenant.Name)
		}
	}
	b.must("host", "set", "--pool", "")
	for _, pool := range a.pools {
		b.must("pool", "rm", "--yes", pool.Name)
	}
}

// lines are what one person types, one after the other, whatever comes of each.
type lines [][]string

// pause is no verb: somebody thinks for a while, so that not all meet at the first lock.
const pause = "pause"

func patienceOf(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}

// says is what came of a line.
func (b *bustle) says(who int, args []string) string {
	ctx, cancel := context.WithTimeout(b.t.Context(), verbWithin)
	defer cancel()
	cmd := holm(args...).in(b.dir).command(ctx)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) } // it says where it hangs
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	began := time.Now()
	o := ended(cmd.Run(), &out, &diag)
	took := time.Since(began).Round(100 * time.Millisecond)
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.code == 0 {
		b.done[args[0]]++
	}
	if why := unfit(args, o); why != "" || ctx.Err() != nil {
		b.t.Errorf("holm %s: exit %d after %s, %s\n%s", strings.Join(args, " "), o.code, took, why, o.stderr)
	}
	last := problems(o.stderr)
	return fmt.Sprintf("%d. %s: %d, %s %.300s", who, strings.Join(args, " "), o.code, took, strings.Join(last[:min(1, len(last))], ""))
}

// unfit says why an answer is none that a person may be given: the codes are those of the table, and a refusal says what to do.
func unfit(args []string, o outcome) string {
	switch {
	case strings.Contains(o.stderr, "panic:"), strings.Contains(o.stderr, "goroutine "):
		return "it broke"
	case o.code == 0:
		return ""
	case o.code == 1 && slices.Contains(args, "--all"): // several, of which each has its own reason
	case o.code == 1:
		if !slices.Contains(args, "--timeout") || !strings.Contains(o.stderr, "the time is up") && !strings.Contains(o.stderr, "gave up after") {
			return "nobody has broken anything"
		}
	case !slices.Contains([]int{2, 4, 5, 6, 7, 9}, o.code):
		return "nothing asks for that"
	}
	if o.code != 7 && !strings.Contains(o.stderr, "\n      ") {
		return "without a remedy"
	}
	return ""
}

// round has several people at work at once, and tells what came of it.
func (b *bustle) round(people []lines) (told []string) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for who, list := range people {
		all.Go(func() {
			for _, args := range list {
				if args[0] == pause {
					<-time.After(patienceOf(args[1]))
					continue
				}
				said := b.says(who, args)
				if args[0] == "image" {
					b.build()
				}
				mu.Lock()
				told = append(told, said)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return told
}

// No pair of verbs that run at once, each a process of its own, leaves a real host and its records apart, whoever comes first; and in
// the end nothing is left.
func TestVerbsAtRandomOnARealHostLeaveItAndTheRecordsAsOne(t *testing.T) {
	thorough(t)
	seed := cmp.Or(*bustleSeed, uint64(time.Now().UnixNano())) // #nosec G115 -- any number will do
	t.Logf("again: go test -tags \"libvirt_dlopen e2e\" ./e2e -run VerbsAtRandomOnARealHost -bustle.seed=%d", seed)
	b := newBustle(t, seed)
	b.must("pool", "add", "fast", b.pool, "--overcommit", "8")
	b.must("tenant", "create", "acme")
	b.must("tenant", "create", "bolt", "--instances", "2")
	for _, tenant := range []string{"default", "acme"} {
		b.must("create", prefix+"bustle-web", "--tenant", tenant, "--profile", "plain", "--flavor", "tiny", "--disk", "1G", "--no-verify", "--image", stubName)
	}
	rounds := 0
	var before []string
	for began := time.Now(); time.Since(began) < *bustleTime; rounds++ {
		now := b.round(b.people(rounds))
		if wrong := b.settled(); len(wrong) > 0 || t.Failed() {
			t.Fatalf("after round %d, of\n  %s\nbefore it were\n  %s\nit is wrong that\n  %s", rounds,
				strings.Join(now, "\n  "), strings.Join(before, "\n  "), strings.Join(wrong, "\n  "))
		}
		t.Logf("round %d\n  %s", rounds, strings.Join(now, "\n  "))
		before = append(before, now...)[max(0, len(before)+len(now)-12):]
	}
	t.Logf("%d rounds; done was %v", rounds, b.done)
	b.startsAll()
	b.clear()
	if left := b.left(); len(left) > 0 {
		t.Errorf("all was removed, and there is\n  %s", strings.Join(left, "\n  "))
	}
}

// startsAll: whatever was done to keys, images, disks and networks, what is there starts.
func (b *bustle) startsAll() {
	for _, inst := range b.records().instances {
		b.must("start", "--tenant", inst.Tenant, inst.Name)
	}
	if wrong := b.settled(); len(wrong) > 0 {
		b.t.Errorf("with all of them started, it is wrong that\n  %s", strings.Join(wrong, "\n  "))
	}
}

// settled is the oracle, once guests that were asked to power off, by somebody who has not waited for it, have done so and the timer
// has seen it. Nothing else is left to the timer.
func (b *bustle) settled() (wrong []string) {
	for range 5 {
		wrong = b.oracle()
		if len(wrong) == 0 || slices.ContainsFunc(wrong, func(one string) bool { return !strings.Contains(one, fromWithin) }) {
			return wrong
		}
		<-time.After(2 * time.Second)
		b.must("pool", "check", "--news")
	}
	return wrong
}
