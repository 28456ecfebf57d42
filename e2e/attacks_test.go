//go:build e2e

package e2e

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/e2e/attack"
)

// fate is what became of one attempt.
type fate struct {
	attempt
	id                 uint64
	sent, left, arrive uint64 // sent by the guest, seen leaving it, seen where it must not arrive
	stops              []string
	open               uint64 // how many arrive with the walls down
	wrong              []string
}

// TestEveryAttackIsStopped sends each attack of the table twice: as things are, when it must not arrive; and with the
// walls taken down, when it must, for what never arrives was not stopped.
func TestEveryAttackIsStopped(t *testing.T) {
	began := time.Now()
	l := newLab(t)
	t.Logf("the guests are there after %s", time.Since(began).Round(time.Second))
	began = time.Now()
	var all []*fate
	for i, a := range attempts(l) {
		all = append(all, &fate{attempt: a, id: uint64(i + 1)})
	}
	for _, f := range all {
		l.attack(t, f)
	}
	l.ask(t, all, 0, func(f *fate) *uint64 { return &f.arrive })
	for _, f := range all {
		l.explain(f)
	}
	l.quietTree(t)
	takeDown(t, l.taps(), l.bridges())
	for _, f := range all {
		went := l.try(t, f.attempt, f.id+downs)
		f.open = went.arrived + went.refused
	}
	l.ask(t, all, downs, func(f *fate) *uint64 { return &f.open })
	l.quietTree(t)
	putUp(t)
	for _, f := range all {
		f.judge()
		t.Run(f.name, func(t *testing.T) {
			for _, w := range f.wrong {
				t.Error(w)
			}
		})
	}
	t.Logf("%d attempts, twice, in %s", len(all), time.Since(began).Round(time.Second))
	text := render(all)
	t.Log("\n" + text)
	documented(t, all, text)
}

var renew = flag.Bool("update", false, "write the table of attacks into docs/ISOLATION.md")

// documented holds the document to the attacks that are made: every row of it is one of these, and the other way round.
// What a row says is of the day on which it was written.
func documented(t *testing.T, all []*fate, text string) {
	t.Helper()
	const file = "../docs/ISOLATION.md"
	const begin, end = "<!-- attacks: the command stands above -->\n", "<!-- end of attacks -->\n"
	before, rest, found := strings.Cut(readFile(t, file), begin)
	listed, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the table", file)
	}
	if *renew {
		if err := os.WriteFile(file, []byte(before+begin+text+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	var want, got []string
	for _, f := range all {
		want = append(want, f.name)
	}
	for line := range strings.Lines(listed) {
		if name := strings.TrimSpace(strings.Split(line, "|")[1]); name != "attack" && name != "---" {
			got = append(got, name)
		}
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("renew the table with -update (-documented +made):\n%s", diff)
	}
}

// attack makes the attempt with the walls up and notes what stopped it.
func (l *lab) attack(t *testing.T, f *fate) {
	t.Helper()
	before := counters(t, l.called)
	went := l.try(t, f.attempt, f.id)
	f.sent, f.left, f.arrive = went.sent, went.left, went.arrived+went.refused
	after := counters(t, l.called)
	least := max(f.sent/2, 1) // guests speak of their own accord, too
	for key, n := range after {
		if n >= before[key]+least {
			f.stops = append(f.stops, fmt.Sprintf("`%s` +%d", key, n-before[key]))
		}
	}
	slices.Sort(f.stops)
	if len(f.stops) > 0 {
		f.arrive = went.arrived // it was the filter that sent away
	}
}

// explain says what stops without counting.
func (l *lab) explain(f *fate) {
	if len(f.stops) > 0 || f.arrive > 0 {
		return
	}
	switch _, guest := l.guests[string(f.at)]; {
	case f.never != "":
		f.stops = []string{f.never}
	case f.speak != "":
		f.stops = []string{"the bridge knows a2's port"}
	case guest && l.wires[l.guests[f.by].bridge].Seen(f.id, attack.In) > 0:
		f.stops = []string{"port isolation: it passed the filter and reached the bridge"}
	}
}

// downs is how the marks with the walls down differ.
const downs = 1000

// ask takes the guests' word for what arrived in them: the host's eyes on their ports see what is handed over, and the
// guests what came.
func (l *lab) ask(t *testing.T, all []*fate, offset uint64, into func(*fate) *uint64) {
	t.Helper()
	var ids []uint64
	for _, f := range all {
		ids = append(ids, f.id+offset)
	}
	for name, g := range l.guests {
		answer := g.tell(t, attack.Order{Seen: ids})
		if answer.Frames == 0 {
			t.Errorf("%s has not seen a single frame of anything: it does not listen", name)
		}
		for _, f := range all {
			if f.at == place(name) {
				n := into(f)
				*n = max(*n, answer.Seen[f.id+offset])
			}
		}
	}
}

// passage is how far what was sent has come. A connection that was refused may have been so by the host or on the way to it.
type passage struct {
	sent, left, arrived, refused uint64
}

// try makes an attempt under a mark.
func (l *lab) try(t *testing.T, a attempt, id uint64) passage {
	t.Helper()
	var sent, left uint64
	root := l.roots(t)
	switch {
	case a.speak != "":
		sent = l.speak(t, a, id)
		left = l.wires[l.guests[a.speak].tap].Seen(id, attack.Out)
	case a.knocks != nil:
		answer := l.guests[a.by].tell(t, attack.Order{Connect: a.knocks(l)})
		tried := uint64(answer.Tried)
		return passage{tried, tried, uint64(len(answer.Opened)), uint64(len(answer.Refused))}
	default:
		if a.first != nil {
			by, frame := a.first(l)
			l.guests[by].tell(t, attack.Order{Frames: [][]byte{frame}, Rounds: 1})
		}
		made := a.frames(l, l.run.Mark(id))
		l.guests[a.by].tell(t, attack.Order{Frames: made, Rounds: a.rounds})
		for _, frame := range made {
			if _, marked := l.run.Find(frame); marked {
				sent += uint64(a.rounds)
			}
		}
		tap := l.wires[l.guests[a.by].tap]
		left = settled(sent, func() uint64 { return tap.Seen(id, attack.In) })
	}
	expect := uint64(0)
	if a.may || id > downs && a.never == "" {
		expect = sent
	}
	return passage{sent: sent, left: left, arrived: settled(expect, func() uint64 { return l.arrived(t, a, id, root) })}
}

// settled waits until a number is reached, or, when nothing is expected, long enough for something to come.
func settled(expect uint64, count func() uint64) uint64 {
	patience := 200 * time.Millisecond
	if expect > 0 {
		patience = time.Second
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) { //nolint:forbidigo // frames are on their way
		if n := count(); expect > 0 && n >= expect {
			return n
		}
	}
	return count()
}

// arrived counts at the place where an attempt must not arrive.
func (l *lab) arrived(t *testing.T, a attempt, id uint64, root string) uint64 {
	t.Helper()
	switch a.at {
	case bridge:
		return l.wires[l.guests[a.by].bridge].Seen(id, attack.In)
	case host:
		return l.heard.heard(id)
	case outside:
		return l.wires[outsideName].Seen(id, attack.Out)
	case tree:
		if l.roots(t) != root {
			return 1
		}
		return 0
	}
	return l.wires[l.guests[string(a.at)].tap].Seen(id, attack.Out)
}

// speak lets the host send datagrams to a guest.
func (l *lab) speak(t *testing.T, a attempt, id uint64) uint64 {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	to := net.JoinHostPort(l.guests[a.speak].me.IP.String(), strconv.Itoa(discard))
	address, err := net.ResolveUDPAddr("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	for range a.rounds {
		if _, err := conn.WriteTo(l.run.Mark(id), address); err != nil {
			t.Fatal(err)
		}
	}
	tap := l.wires[l.guests[a.speak].tap]
	settled(uint64(a.rounds), func() uint64 { return tap.Seen(id, attack.Out) })
	return uint64(a.rounds)
}

// roots is who the bridges take for the root of their spanning trees.
func (l *lab) roots(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(readFile(t, filepath.Join("/sys/class/net", l.guests["a1"].bridge, "bridge/root_id")))
}

// quietTree makes the bridge forget who claimed to be the root.
func (l *lab) quietTree(t *testing.T) {
	t.Helper()
	file := filepath.Join("/sys/class/net", l.guests["a1"].bridge, "bridge/stp_state")
	if on := strings.TrimSpace(readFile(t, file)); on == "0" {
		return
	}
	for _, state := range []string{"0", "1"} {
		if err := os.WriteFile(file, []byte(state), 0); err != nil {
			t.Fatal(err)
		}
	}
}

// judge says what is wrong with what became of an attempt.
func (f *fate) judge() {
	say := func(format string, args ...any) { f.wrong = append(f.wrong, fmt.Sprintf(format, args...)) }
	if f.left < f.sent {
		say("inconclusive: of %d that were sent, %d were seen leaving %s", f.sent, f.left, f.by)
	}
	switch {
	case f.may:
		if f.arrive == 0 {
			say("control: it has to arrive, and does not; stopped by %s", strings.Join(f.stops, ", "))
		}
		return
	case f.arrive > 0:
		say("%d of %d arrived (%s)", f.arrive, f.sent, f.at)
	case len(f.stops) == 0:
		say("nothing says what stopped it")
	}
	if f.never == "" && f.open == 0 {
		say("control: it does not even arrive with the walls down, so not arriving proves nothing")
	}
}

// render is the table, as docs/ISOLATION.md shows it.
func render(all []*fate) string {
	var b strings.Builder
	b.WriteString("| attack | sent | seen leaving | must not reach | reached it | stopped by | reached it, walls down |\n|---|---|---|---|---|---|---|\n")
	for _, f := range all {
		stops, open := strings.Join(f.stops, ", "), strconv.FormatUint(f.open, 10)
		switch {
		case f.may:
			stops = "(may)"
		case f.arrive > 0:
			stops = "**nothing**"
		case stops == "":
			stops = "**unknown**"
		}
		if f.never != "" {
			open = "(never)"
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %d | %s | %s |\n", f.name, f.sent, f.left, f.at, f.arrive, stops, open)
	}
	return b.String()
}
