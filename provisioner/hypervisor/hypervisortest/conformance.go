package hypervisortest

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
	"holm/provisioner/hypervisor"
	net "holm/provisioner/network"
)

// The domains of the suite.
const (
	nameA = "holm-helper-a"
	nameB = "holm-helper-b"
	uuidA = "6c1e7a52-4f0b-4d3e-9a51-0d2f6b7c8e91"
	uuidB = "6c1e7a52-4f0b-4d3e-9a51-0d2f6b7c8e92"
)

// Conformance is what every provisioner.Hypervisor promises. Open returns a host on which the suite may define what it
// likes; it is called once for each test. Sample returns the XML of a domain that this host accepts and that has the
// disks vda (read-only), vdb and vdc.
func Conformance(t *testing.T, open func(t *testing.T) hypervisor.Driver, sample func(name, uuid string) string) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, suite)
	}{
		{"a domain that was never defined is absent", neverDefined},
		{"a defined domain is off, and defining it again is no error", define},
		{"a name or a UUID of somebody else is not taken over", notOurs},
		{"XML that is none is refused and leaves nothing", badXML},
		{"starting is idempotent", start},
		{"shutting down is idempotent", shutdown},
		{"destroying and undefining are idempotent", destroy},
		{"undefining a running domain lets it run", undefineRunning},
		{"states lists every domain", states},
		{"a watch tells each change until its context ends", watch},
		{"two watches of one domain do not take each other's events", watchTwice},
		{"a disk is detached from the definition", detachOff},
		{"a disk is detached from a running guest", detachRunning},
		{"disks are resized and asked for errors while the guest runs", diskCalls},
		{"a port can be closed under its reader", streams},
		{"stats tell the size of a running domain", stats},
		{"the live XML is that of the running domain", liveXML},
		{"a network is made once and removed once", networks},
		{"a filter is made once and removed once", filters},
		{"a secret is set again and removed again", secrets},
		{"a network of somebody else is not taken over", networkNotOurs},
		{"a context that has ended stops every call", ended},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, suite{open(t), sample}) })
	}
}

type suite struct {
	hypervisor.Driver
	sample func(name, uuid string) string
}

func (s suite) mustDefine(t *testing.T) {
	t.Helper()
	must(t, s.Define(t.Context(), s.sample(nameA, uuidA)))
}

func (s suite) mustRun(t *testing.T) {
	t.Helper()
	s.mustDefine(t)
	must(t, s.Start(t.Context(), uuidA))
}

func (s suite) is(t *testing.T, want hypervisor.State) {
	t.Helper()
	got, err := s.State(t.Context(), uuidA)
	if err != nil || got != want {
		t.Fatalf("the state is %q, %v; want %q", got, err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func neverDefined(t *testing.T, s suite) {
	s.is(t, hypervisor.Absent)
	must(t, s.Destroy(t.Context(), uuidA))
	must(t, s.Undefine(t.Context(), uuidA))
	for what, err := range map[string]error{
		"start":    s.Start(t.Context(), uuidA),
		"shutdown": s.Shutdown(t.Context(), uuidA),
		"detach":   second(s.DetachDisk(t.Context(), uuidA, "vdc")),
		"resize":   s.ResizeDisk(t.Context(), uuidA, "vdb", 1<<30),
		"errors":   second(s.DiskErrors(t.Context(), uuidA)),
		"resume":   s.Resume(t.Context(), uuidA),
		"channel":  second(s.Channel(t.Context(), uuidA, report.Channel)),
		"console":  second(s.Console(t.Context(), uuidA)),
		"stats":    second(s.Stats(t.Context(), uuidA)),
		"live XML": second(s.LiveXML(t.Context(), uuidA)),
	} {
		if !errors.Is(err, hypervisor.ErrNoDomain) {
			t.Errorf("%s: got %v, want %v", what, err, hypervisor.ErrNoDomain)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func define(t *testing.T, s suite) {
	s.mustDefine(t)
	s.is(t, hypervisor.Off)
	s.mustDefine(t)
	s.is(t, hypervisor.Off)
}

func notOurs(t *testing.T, s suite) {
	s.mustDefine(t)
	for what, xml := range map[string]string{"name": s.sample(nameA, uuidB), "uuid": s.sample(nameB, uuidA)} {
		if err := s.Define(t.Context(), xml); !errors.Is(err, hypervisor.ErrNotOurs) {
			t.Errorf("the %s was taken over: got %v, want %v", what, err, hypervisor.ErrNotOurs)
		}
	}
	got, err := s.States(t.Context())
	if diff := cmp.Diff(map[string]hypervisor.State{uuidA: hypervisor.Off}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func badXML(t *testing.T, s suite) {
	for _, xml := range []string{"", "<domain", "<network/>", "<domain><name>x</name></domain>", "\x00"} {
		if err := s.Define(t.Context(), xml); err == nil {
			t.Errorf("defined %q", xml)
		}
	}
	if got, err := s.States(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("left behind: %v, %v", got, err)
	}
}

func start(t *testing.T, s suite) {
	s.mustRun(t)
	s.is(t, hypervisor.Running)
	must(t, s.Start(t.Context(), uuidA))
	s.is(t, hypervisor.Running)
}

func shutdown(t *testing.T, s suite) {
	s.mustRun(t)
	must(t, s.Shutdown(t.Context(), uuidA))
	s.is(t, hypervisor.Off)
	must(t, s.Shutdown(t.Context(), uuidA))
	s.is(t, hypervisor.Off)
}

func destroy(t *testing.T, s suite) {
	s.mustRun(t)
	for range 2 {
		must(t, s.Destroy(t.Context(), uuidA))
		s.is(t, hypervisor.Off)
	}
	for range 2 {
		must(t, s.Undefine(t.Context(), uuidA))
		s.is(t, hypervisor.Absent)
	}
}

func undefineRunning(t *testing.T, s suite) {
	s.mustRun(t)
	must(t, s.Undefine(t.Context(), uuidA))
	s.is(t, hypervisor.Running)
	must(t, s.Undefine(t.Context(), uuidA))
	must(t, s.Destroy(t.Context(), uuidA))
	s.is(t, hypervisor.Absent)
}

func states(t *testing.T, s suite) {
	s.mustRun(t)
	must(t, s.Define(t.Context(), s.sample(nameB, uuidB)))
	want := map[string]hypervisor.State{uuidA: hypervisor.Running, uuidB: hypervisor.Off}
	got, err := s.States(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// watch lets each event arrive before the next change, so that a duplicate or a stale one is seen.
func watch(t *testing.T, s suite) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, err := s.Watch(ctx, uuidA)
	must(t, err)
	next := func(want hypervisor.State, reason string) {
		t.Helper()
		got, open := <-events
		if !open || got.State != want || got.Reason != reason {
			t.Fatalf("got %+v (open: %t), want %s, %s", got, open, want, reason)
		}
	}
	next(hypervisor.Absent, "now")
	s.mustDefine(t)
	next(hypervisor.Off, "defined")
	must(t, s.Define(t.Context(), s.sample(nameB, uuidB)))
	for range 2 {
		must(t, s.Start(t.Context(), uuidA))
		next(hypervisor.Running, "started")
		must(t, s.Destroy(t.Context(), uuidA))
		next(hypervisor.Off, "destroyed")
	}
	must(t, s.Start(t.Context(), uuidA))
	next(hypervisor.Running, "started")
	must(t, s.Shutdown(t.Context(), uuidA))
	next(hypervisor.Off, "shutdown")
	must(t, s.Undefine(t.Context(), uuidA))
	next(hypervisor.Absent, "undefined")
	cancel()
	for e := range events {
		t.Errorf("after its end: %+v", e)
	}
}

func watchTwice(t *testing.T, s suite) {
	s.mustDefine(t)
	first, err := s.Watch(t.Context(), uuidA)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	other, err := s.Watch(ctx, uuidA)
	must(t, err)
	<-first
	<-other
	must(t, s.Start(t.Context(), uuidA))
	for name, events := range map[string]<-chan hypervisor.Event{"first": first, "second": other} {
		if e := <-events; e.State != hypervisor.Running {
			t.Errorf("the %s watch got %+v", name, e)
		}
	}
	cancel()
	for range other {
	}
	must(t, s.Destroy(t.Context(), uuidA))
	if e := <-first; e.State != hypervisor.Off {
		t.Errorf("after the end of the second, the first watch got %+v", e)
	}
}

func detachOff(t *testing.T, s suite) {
	s.mustDefine(t)
	for range 2 {
		live, err := s.DetachDisk(t.Context(), uuidA, "vdc")
		if errors.Is(err, hypervisor.ErrUnsupported) {
			t.Logf("left out: %v", err)
			return
		}
		if err != nil || !live {
			t.Fatalf("got %t, %v", live, err)
		}
	}
	must(t, s.Start(t.Context(), uuidA))
	s.hasDisks(t, "vda", "vdb")
}

func detachRunning(t *testing.T, s suite) {
	s.mustRun(t)
	s.hasDisks(t, "vda", "vdb", "vdc")
	live, err := s.DetachDisk(t.Context(), uuidA, "vdc")
	if errors.Is(err, hypervisor.ErrUnsupported) {
		t.Logf("left out: %v", err)
		return
	}
	if err != nil || !live {
		t.Fatalf("got %t, %v", live, err)
	}
	s.hasDisks(t, "vda", "vdb")
	must(t, s.Destroy(t.Context(), uuidA))
	must(t, s.Start(t.Context(), uuidA))
	s.hasDisks(t, "vda", "vdb")
}

func diskCalls(t *testing.T, s suite) {
	s.mustDefine(t)
	calls := func() map[string]error {
		return map[string]error{
			"resize": s.ResizeDisk(t.Context(), uuidA, "vdb", 2<<40), // libvirt's test driver has disks of 1 TiB
			"errors": second(s.DiskErrors(t.Context(), uuidA)),
			"resume": s.Resume(t.Context(), uuidA),
		}
	}
	for what, err := range calls() {
		if err == nil || errors.Is(err, hypervisor.ErrNoDomain) {
			t.Errorf("%s of a domain that is off: got %v, want an error that says so", what, err)
		}
	}
	must(t, s.Start(t.Context(), uuidA))
	for what, err := range calls() {
		if errors.Is(err, hypervisor.ErrUnsupported) {
			t.Logf("left out for %s: %v", what, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.is(t, hypervisor.Running)
}

func (s suite) hasDisks(t *testing.T, want ...string) {
	t.Helper()
	st, err := s.Stats(t.Context(), uuidA)
	must(t, err)
	var got []string
	for _, d := range st.Disks {
		got = append(got, d.Target)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the running domain's disks (-want +got):\n%s", diff)
	}
}

func streams(t *testing.T, s suite) {
	s.mustDefine(t)
	if port, err := s.Channel(t.Context(), uuidA, report.Channel); err == nil {
		t.Errorf("a domain that is off has an open port: %v", port.Close())
	}
	must(t, s.Start(t.Context(), uuidA))
	for name, open := range map[string]func() (io.ReadWriteCloser, error){
		"channel": func() (io.ReadWriteCloser, error) { return s.Channel(t.Context(), uuidA, report.Channel) },
		"console": func() (io.ReadWriteCloser, error) { return s.Console(t.Context(), uuidA) },
	} {
		port, err := open()
		if errors.Is(err, hypervisor.ErrUnsupported) {
			t.Logf("left out for the %s: %v", name, err)
			continue
		}
		must(t, err)
		if again, err := open(); err == nil {
			t.Errorf("the %s was opened twice: %v", name, again.Close())
		}
		ended := make(chan error)
		go func() { ended <- drain(port) }()
		must(t, port.Close())
		if err := <-ended; err == nil {
			t.Errorf("the %s ended with io.EOF although it was closed here", name)
		}
		must(t, port.Close())
		port, err = open()
		must(t, err)
		go func() { ended <- drain(port) }()
		must(t, s.Destroy(t.Context(), uuidA))
		if err := <-ended; err != nil {
			t.Errorf("the %s of a domain that stopped ended with %v, want io.EOF", name, err)
		}
		must(t, port.Close())
		must(t, s.Start(t.Context(), uuidA))
	}
}

// drain reads to the end; nil stands for io.EOF.
func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func stats(t *testing.T, s suite) {
	s.mustDefine(t)
	got, err := s.Stats(t.Context(), uuidA)
	if diff := cmp.Diff(hypervisor.Stats{State: hypervisor.Off}, got); err != nil || diff != "" {
		t.Errorf("off: %v (-want +got):\n%s", err, diff)
	}
	must(t, s.Start(t.Context(), uuidA))
	got, err = s.Stats(t.Context(), uuidA)
	must(t, err)
	if got.State != hypervisor.Running || got.VCPUs < 1 || got.MemoryBytes < 1<<20 {
		t.Errorf("running: got %+v", got)
	}
	if len(got.Disks) == 0 || got.Disks[0].Target != "vda" || !got.Disks[0].ReadOnly {
		t.Errorf("the root disk is not told to be read-only: %+v", got.Disks)
	}
}

func liveXML(t *testing.T, s suite) {
	s.mustDefine(t)
	if text, err := s.LiveXML(t.Context(), uuidA); err == nil {
		t.Errorf("a domain that is off is described: %.80s", text)
	}
	must(t, s.Start(t.Context(), uuidA))
	text, err := s.LiveXML(t.Context(), uuidA)
	must(t, err)
	for _, want := range []string{"<domain ", uuidA, "vda", "vdc"} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q: %s", want, text)
		}
	}
	if _, err := s.DetachDisk(t.Context(), uuidA, "vdc"); errors.Is(err, hypervisor.ErrUnsupported) {
		t.Logf("left out: %v", err)
		return
	}
	text, err = s.LiveXML(t.Context(), uuidA)
	must(t, err)
	if strings.Contains(text, "vdc") || !strings.Contains(text, "vdb") {
		t.Errorf("it is not without the disk that was detached: %s", text)
	}
	must(t, s.Destroy(t.Context(), uuidA))
	if _, err := s.LiveXML(t.Context(), uuidA); err == nil {
		t.Error("a domain that was destroyed is described")
	}
}

func testNetwork() net.Network {
	return net.Network{
		Name: "holm-helper", UUID: net.UUID("holm-helper"), Bridge: "holmhlp0",
		Subnet: netip.MustParsePrefix("10.251.77.0/24"),
	}
}

func networks(t *testing.T, s suite) {
	n := testNetwork()
	xml, err := n.XML()
	must(t, err)
	removed := func() {
		t.Helper()
		if gone, err := s.RemoveNetwork(t.Context(), n.UUID); err != nil || !gone {
			t.Fatalf("removed: %v, %v", gone, err)
		}
	}
	removed()
	for range 2 {
		must(t, s.EnsureNetwork(t.Context(), xml))
	}
	apart := n
	apart.Internal = true
	internal, err := apart.XML()
	must(t, err)
	must(t, s.EnsureNetwork(t.Context(), internal)) // nobody hangs on it, so it becomes what is wanted
	for range 2 {
		removed()
	}
	for _, bad := range []string{"", "<domain/>", "<network><name>x</name></network>"} {
		if err := s.EnsureNetwork(t.Context(), bad); err == nil {
			t.Errorf("made a network of %q", bad)
		}
	}
}

func networkNotOurs(t *testing.T, s suite) {
	n := testNetwork()
	old, err := n.XML()
	must(t, err)
	must(t, s.CheckNetwork(t.Context(), old))
	must(t, s.EnsureNetwork(t.Context(), old)) // as an older holm made it, without a word of its state directory
	elsewhere := t.TempDir()
	n.State = t.TempDir()
	xml, err := n.XML()
	must(t, err)
	for _, look := range []func(context.Context, string) error{s.CheckNetwork, s.EnsureNetwork, s.CheckNetwork} {
		must(t, look(t.Context(), xml))
	}
	// While it is up, not every hypervisor shows what was noted just now.
	_, err = s.RemoveNetwork(t.Context(), n.UUID)
	must(t, err)
	must(t, s.EnsureNetwork(t.Context(), xml))
	for what, change := range map[string]func(*net.Network){
		"name":   func(n *net.Network) { n.UUID, n.Bridge = net.UUID("other"), "holmhlp1" },
		"bridge": func(n *net.Network) { n.UUID, n.Name = net.UUID("other"), "holm-helper-2" },
		"uuid":   func(n *net.Network) { n.Name, n.Bridge = "holm-helper-2", "holmhlp1" },
		"state":  func(n *net.Network) { n.State = elsewhere },
	} {
		other := n
		change(&other)
		xml, err := other.XML()
		must(t, err)
		for _, look := range []func(context.Context, string) error{s.CheckNetwork, s.EnsureNetwork} {
			if err := look(t.Context(), xml); !errors.Is(err, hypervisor.ErrNotOurs) {
				t.Errorf("the %s was taken over: got %v, want %v", what, err, hypervisor.ErrNotOurs)
			}
		}
	}
	for _, uuid := range []string{net.UUID("other"), n.UUID} {
		must(t, s.EnsureNetwork(t.Context(), xml))
		if _, err := s.RemoveNetwork(t.Context(), uuid); err != nil {
			t.Fatal(err)
		}
	}
}

func secrets(t *testing.T, s suite) {
	for range 2 {
		if err := s.SetSecret(t.Context(), uuidA, "/holm/state.qcow2", []byte("a key")); errors.Is(err, hypervisor.ErrUnsupported) {
			t.Logf("left out: %v", err)
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		must(t, s.RemoveSecret(t.Context(), uuidA))
	}
}

func filters(t *testing.T, s suite) {
	name, xml, err := net.Guard("/var/lib/holm")
	must(t, err)
	if err := s.EnsureFilter(t.Context(), name, xml); errors.Is(err, hypervisor.ErrUnsupported) {
		t.Logf("left out: %v", err)
		return
	}
	for range 2 {
		must(t, s.EnsureFilter(t.Context(), name, xml))
	}
	if err := s.EnsureFilter(t.Context(), name+"x", "<filter"); err == nil {
		t.Error("made a filter of what is none")
	}
	for range 2 {
		must(t, s.RemoveFilter(t.Context(), name))
	}
}

func ended(t *testing.T, s suite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	xml, err := testNetwork().XML()
	must(t, err)
	for what, err := range map[string]error{
		"define":         s.Define(ctx, s.sample(nameA, uuidA)),
		"start":          s.Start(ctx, uuidA),
		"shutdown":       s.Shutdown(ctx, uuidA),
		"destroy":        s.Destroy(ctx, uuidA),
		"undefine":       s.Undefine(ctx, uuidA),
		"state":          second(s.State(ctx, uuidA)),
		"states":         second(s.States(ctx)),
		"watch":          second(s.Watch(ctx, uuidA)),
		"detach":         second(s.DetachDisk(ctx, uuidA, "vdc")),
		"resize":         s.ResizeDisk(ctx, uuidA, "vdb", 1<<30),
		"disk errors":    second(s.DiskErrors(ctx, uuidA)),
		"resume":         s.Resume(ctx, uuidA),
		"channel":        second(s.Channel(ctx, uuidA, report.Channel)),
		"console":        second(s.Console(ctx, uuidA)),
		"stats":          second(s.Stats(ctx, uuidA)),
		"live XML":       second(s.LiveXML(ctx, uuidA)),
		"ensure network": s.EnsureNetwork(ctx, xml),
		"ensure filter":  s.EnsureFilter(ctx, "holm-x", "<filter name='holm-x'/>"),
		"remove filter":  s.RemoveFilter(ctx, "holm-x"),
		"remove network": func() error { _, err := s.RemoveNetwork(ctx, testNetwork().UUID); return err }(),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", what, err, context.Canceled)
		}
	}
	s.is(t, hypervisor.Absent)
}
