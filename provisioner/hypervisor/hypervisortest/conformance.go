package hypervisortest

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
	"holm/provisioner/hypervisor"
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

func second[T any](_ T, err error) error { return err }

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
