//go:build e2e

package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"holm/e2e/attack"
	"holm/e2e/attack/frames"
)

// Where the world begins, for the table of attacks: documentation addresses, and those of clouds' metadata.
const (
	outsideName = "holm-e2e-out"
	outside4    = "198.51.100.1/32"
	outside6    = "2001:db8:77::1/128"
	metadata4   = "169.254.169.254"
	metadata6   = "fd00:ec2::254"
	alibaba4    = "100.100.100.200"
	azure4      = "168.63.129.16"
	mapped6     = "64:ff9b::a9fe:a9fe" // 169.254.169.254 behind NAT64
	world4      = "198.51.100.9"
	world6      = "2001:db8:77::9"
	routes      = "7877" // a table and a rule of the test's own
	tenantA     = "walls-a"
	tenantB     = "walls-b"
)

// lab is the guests of the table of attacks, and the host's eyes on every wire.
type lab struct {
	run     attack.Run
	guests  map[string]*fighter
	removed frames.Party
	wires   map[string]*attack.Wire // by interface
	heard   *ear
	called  *strings.Replacer // what interfaces are called in the table
}

// fighter is a guest in which the attacker runs.
type fighter struct {
	name, tap, bridge string
	me, me6           frames.Party
	gate, gate6       frames.Party // the host, as this guest sees it; gate6 has no address where the host has none
	spans             bool         // its bridge takes part in a spanning tree
	orders            *json.Encoder
	answers           *json.Decoder
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{guests: map[string]*fighter{}, wires: map[string]*attack.Wire{}}
	if _, err := rand.Read(l.run[:]); err != nil {
		t.Fatal(err)
	}
	putUp(t)
	l.boot(t)
	program := buildAttacker(t)
	var replace []string
	for short, f := range l.guests {
		f.enter(t, tenantOf(short), program, l.run)
		replace = append(replace, "holm."+f.bridge, "holm."+tenantOf(short), f.tap, short)
		l.watch(t, f.tap, f.bridge)
	}
	l.called = strings.NewReplacer(replace...)
	l.outside(t)
	l.heard = listen(t, l.run)
	l.publish(t)
	return l
}

func tenantOf(short string) string {
	if strings.HasPrefix(short, "a") {
		return tenantA
	}
	return tenantB
}

// boot makes the guests, all at once. Then b2, which need not come up: it is removed again, and leaves an address that is nobody's now.
func (l *lab) boot(t *testing.T) {
	t.Helper()
	for _, tenant := range []string{tenantA, tenantB} {
		holm("tenant", "create", tenant).must(t)
		t.Cleanup(func() {
			if rm := holm("tenant", "rm", "--yes", tenant).do(context.Background()); rm.code != 0 {
				t.Errorf("remove the tenant: exit %d\n%s", rm.code, rm.stderr)
			}
		})
	}
	create := func(short string) []string {
		return []string{"create", prefix + short, "--tenant", tenantOf(short), "--profile", "plain", "--flavor", "tiny", "--no-verify"}
	}
	all := []string{"a1", "a2", "b1"}
	made := make([]outcome, len(all))
	var making sync.WaitGroup
	for i, short := range all {
		tidy(t, prefix+short, "--tenant", tenantOf(short))
		making.Go(func() { made[i] = holm(create(short)...).run(t) })
	}
	making.Wait()
	for i, short := range all {
		if made[i].code != 0 {
			t.Fatalf("create %s: exit %d\n%s", short, made[i].code, made[i].stderr)
		}
		l.guests[short] = look(t, prefix+short, tenantOf(short))
	}
	const gone = "b2"
	tidy(t, prefix+gone, "--tenant", tenantOf(gone))
	die(t, "create.started.after", create(gone)...)
	l.removed = look(t, prefix+gone, tenantOf(gone)).me
	holm("rm", "--yes", prefix+gone, "--tenant", tenantOf(gone)).must(t)
}

// look finds out who a guest is, from the host.
func look(t *testing.T, name, tenant string) *fighter {
	t.Helper()
	v := show(t, name, "--tenant", tenant)
	f := &fighter{name: name}
	fields := strings.Fields(virsh(t, "domiflist", v.Domain))
	if len(fields) != 5 {
		t.Fatalf("%s has these interfaces: %q", name, fields)
	}
	f.tap = fields[0]
	mac, err := net.ParseMAC(fields[4])
	if err != nil {
		t.Fatal(err)
	}
	f.me = frames.Party{MAC: mac, IP: netip.MustParseAddr(v.Address)}
	master, err := os.Readlink(filepath.Join("/sys/class/net", f.tap, "master"))
	if err != nil {
		t.Fatal(err)
	}
	f.bridge = filepath.Base(master)
	f.spans = strings.TrimSpace(readFile(t, filepath.Join("/sys/class/net", f.bridge, "bridge/stp_state"))) != "0"
	card, err := net.InterfaceByName(f.bridge)
	if err != nil {
		t.Fatal(err)
	}
	f.gate, f.gate6 = frames.Party{MAC: card.HardwareAddr}, frames.Party{MAC: card.HardwareAddr}
	addresses, err := card.Addrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		ip := netip.MustParsePrefix(a.String()).Addr()
		switch {
		case ip.Is4():
			f.gate.IP = ip
		case !ip.IsLinkLocalUnicast():
			f.gate6.IP = ip
		}
	}
	return f
}

// buildAttacker makes the guest's program: without cgo, so that it runs wherever Linux does.
func buildAttacker(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "attacker")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "./e2e/attacker")
	cmd.Dir, cmd.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the attacker: %v\n%s", err, out)
	}
	return file
}

// enter puts the attacker into a guest and starts it. /home is where a guest lets programs run. Guest and host are
// told for good where the other one is, so that what the attacks claim does not cut off the way in when the walls are down.
func (f *fighter) enter(t *testing.T, tenant, program string, run attack.Run) {
	t.Helper()
	in := func(args ...string) call {
		return holm(append([]string{"exec", "--tenant", tenant, f.name, "--", "sudo"}, args...)...)
	}
	holm("cp", "--tenant", tenant, program, f.name+":attacker").must(t)
	host := []string{f.me.IP.String(), "lladdr", f.me.MAC.String(), "dev", f.bridge}
	command(t, "ip", append([]string{"neigh", "replace", "nud", "permanent"}, host...)...)
	t.Cleanup(func() { _ = exec.Command("ip", append([]string{"neigh", "del"}, host...)...).Run() })
	in("ip", "neigh", "replace", f.gate.IP.String(), "lladdr", f.gate.MAC.String(), "nud", "permanent", "dev", "eth0").must(t)
	f.me6 = frames.Party{MAC: f.me.MAC, IP: address6(t, in("ip", "-j", "-6", "address", "show", "dev", "eth0").must(t))}

	cmd := in("/home/ops/attacker", "eth0", run.String()).command(context.Background())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	f.orders, f.answers = json.NewEncoder(stdin), json.NewDecoder(stdout)
}

// address6 is a guest's own IPv6 address: the one that it was given, else the one that it made for its wire.
func address6(t *testing.T, text string) (found netip.Addr) {
	t.Helper()
	var cards []struct {
		Addresses []struct {
			Local netip.Addr
			Scope string
		} `json:"addr_info"`
	}
	decode(t, text, &cards)
	for _, card := range cards {
		for _, a := range card.Addresses {
			if !found.IsValid() || a.Scope == "global" {
				found = a.Local
			}
		}
	}
	if !found.IsValid() {
		t.Fatalf("the guest has no IPv6 address at all: %s", text)
	}
	return found
}

// tell gives the attacker an order and waits for what comes of it.
func (f *fighter) tell(t *testing.T, o attack.Order) attack.Answer {
	t.Helper()
	var a attack.Answer
	if err := f.orders.Encode(o); err != nil {
		t.Fatalf("tell %s: %v", f.name, err)
	}
	if err := f.answers.Decode(&a); err != nil {
		t.Fatalf("%s answers nothing: %v", f.name, err)
	}
	if a.Error != "" {
		t.Fatalf("%s: %s", f.name, a.Error)
	}
	return a
}

func (l *lab) watch(t *testing.T, interfaces ...string) {
	t.Helper()
	for _, name := range interfaces {
		if l.wires[name] != nil {
			continue
		}
		wire, err := attack.Tap(name, l.run)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = wire.Close() })
		l.wires[name] = wire
	}
}

// outside makes a wire that leads out of the host, so that what leaves is seen leaving; nobody is at its other end. Only
// what comes from the guests of this test is led there: the host may need its own metadata.
func (l *lab) outside(t *testing.T) {
	t.Helper()
	l.inside() // of a run that was killed
	t.Cleanup(l.inside)
	lines := []string{
		"link add " + outsideName + " type veth peer name holm-e2e-far", "link set holm-e2e-far up", "link set " + outsideName + " up",
		"address add " + outside4 + " dev " + outsideName, "-6 address add " + outside6 + " nodad dev " + outsideName,
	}
	for _, to := range []string{metadata4, metadata6, alibaba4, azure4, mapped6, world4, world6} {
		lines = append(lines, family(to)+" route add "+to+" dev "+outsideName+" table "+routes,
			"neigh replace "+to+" lladdr 06:00:00:00:00:01 nud permanent dev "+outsideName)
	}
	for _, bridge := range l.bridges() {
		for _, f := range []string{"-4", "-6"} {
			lines = append(lines, f+" rule add iif "+bridge+" lookup "+routes+" pref "+routes)
		}
	}
	for _, line := range lines {
		command(t, "ip", strings.Fields(line)...)
	}
	l.watch(t, outsideName)
}

// inside takes the wire away again, and every rule that leads to it.
func (l *lab) inside() {
	for _, f := range []string{"-4", "-6"} {
		for exec.Command("ip", f, "rule", "del", "pref", routes).Run() == nil { // until there is none
		}
	}
	_ = exec.Command("ip", "link", "del", outsideName).Run() // its routes go with it
}

func family(address string) string {
	if netip.MustParseAddr(address).Is6() {
		return "-6"
	}
	return "-4"
}

func (l *lab) bridges() []string {
	var all []string
	for _, g := range l.guests {
		if !slices.Contains(all, g.bridge) {
			all = append(all, g.bridge)
		}
	}
	return all
}

func (l *lab) taps() []string {
	var all []string
	for _, g := range l.guests {
		all = append(all, g.tap)
	}
	return all
}

// ear is what listens on the host: a UDP and a TCP port on all its addresses.
type ear struct {
	udp, tcp uint16
	mu       sync.Mutex
	tally    map[uint64]uint64
}

func listen(t *testing.T, run attack.Run) *ear {
	t.Helper()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = udp.Close(); _ = tcp.Close() })
	e := &ear{tally: map[uint64]uint64{}}
	e.udp, e.tcp = udp.LocalAddr().(*net.UDPAddr).AddrPort().Port(), tcp.Addr().(*net.TCPAddr).AddrPort().Port()
	go func() {
		buffer := make([]byte, 2048)
		for {
			n, _, err := udp.ReadFromUDP(buffer)
			if err != nil {
				return
			}
			if id, ok := run.Find(buffer[:n]); ok {
				e.mu.Lock()
				e.tally[id]++
				e.mu.Unlock()
			}
		}
	}()
	go func() {
		for {
			conn, err := tcp.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	return e
}

func (e *ear) heard(id uint64) uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tally[id]
}
