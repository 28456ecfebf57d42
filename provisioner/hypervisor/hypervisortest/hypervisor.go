// Package hypervisortest has what tests of the provisioner need in place of a real machine: a hypervisor in memory
// that behaves like libvirt, can be made to fail at any call and lets a test play the guest; and the conformance suite
// that it shares with the real one, so that it cannot behave otherwise.
package hypervisortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

var _ hypervisor.Driver = (*Hypervisor)(nil)

// Hypervisor is a provisioner.Hypervisor in memory. The zero value is not ready: use NewHypervisor.
type Hypervisor struct {
	mu       sync.Mutex
	domains  map[string]*domain  // by UUID
	networks map[string]*network // by UUID
	filters  map[string]bool     // by name
	secrets  map[string]bool     // by UUID
	told     []string            // all secrets that there were
	watchers map[*watcher]struct{}
	fail     func(method, object string) error
	ignore   bool // guests ignore Shutdown
	hold     bool // guests do not let go of disks
	onStart  func(uuid string)
	onResume func(uuid string)
	calls    []string
}

type domain struct {
	uuid, name   string
	defined      bool
	state        hypervisor.State
	ended        string // how its last run has
	config       []disk // of the definition
	live         []disk // of the running guest
	xml, liveXML string // of the definition, and of the running guest when it was started
	streams      map[string]*link
	vcpus        int
	memory       uint64
	encrypted    bool              // it has a disk that needs its secret
	failed       map[string]string // disks of the running guest, and why
}

type disk struct {
	target   string
	readOnly bool
	format   string
	bytes    uint64
}

// NewHypervisor returns a host without domains and networks.
func NewHypervisor() *Hypervisor {
	return &Hypervisor{
		domains:  map[string]*domain{},
		networks: map[string]*network{}, filters: map[string]bool{}, secrets: map[string]bool{},
		watchers: map[*watcher]struct{}{},
	}
}

// enter is the start of every method: it records the call and fails it when the context has ended or the test wants.
// The lock is held when it succeeds.
func (h *Hypervisor) enter(ctx context.Context, method, object string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s %s: %w", method, object, err)
	}
	h.mu.Lock()
	h.calls = append(h.calls, method)
	fail := h.fail
	h.mu.Unlock()
	// Outside of the lock, so that the test may look around or wait in it.
	if fail != nil {
		if err := fail(method, object); err != nil {
			return fmt.Errorf("%s %s: %w", method, object, err)
		}
	}
	h.mu.Lock()
	return nil
}

// Define implements provisioner.Hypervisor.
func (h *Hypervisor) Define(ctx context.Context, xml string) error {
	want, err := parseDomain(xml)
	if err != nil {
		return err
	}
	if err := h.enter(ctx, "Define", want.uuid); err != nil {
		return err
	}
	defer h.mu.Unlock()
	for _, d := range h.domains {
		if (d.name == want.name) != (d.uuid == want.uuid) {
			return fault.New(fault.Exists, "", "domain %q with uuid %s %w", d.name, d.uuid, hypervisor.ErrNotOurs)
		}
	}
	d := h.domains[want.uuid]
	if d == nil {
		h.domains[want.uuid] = want
		h.emit(want, hypervisor.Event{State: hypervisor.Off, Reason: "defined"})
		return nil
	}
	d.config, d.vcpus, d.memory, d.defined, d.xml, d.encrypted = want.config, want.vcpus, want.memory, true, want.xml, want.encrypted
	return nil
}

// Start implements provisioner.Hypervisor.
func (h *Hypervisor) Start(ctx context.Context, uuid string) error {
	if err := h.enter(ctx, "Start", uuid); err != nil {
		return err
	}
	d := h.domains[uuid]
	if d == nil {
		h.mu.Unlock()
		return absent("start", uuid)
	}
	if running(d) {
		h.mu.Unlock()
		return nil
	}
	if d.encrypted && !h.secrets[uuid] {
		h.mu.Unlock()
		return fault.New(fault.Failure, "", "start domain %s: its disk is encrypted, and its key is not there", uuid)
	}
	d.state = hypervisor.Running
	d.live, d.liveXML, d.failed = slices.Clone(d.config), d.xml, nil
	d.streams = map[string]*link{}
	h.emit(d, hypervisor.Event{State: d.state, Reason: "started"})
	onStart := h.onStart
	h.mu.Unlock()
	if onStart != nil {
		onStart(uuid)
	}
	return nil
}

// Shutdown implements provisioner.Hypervisor. The guest obeys at once, or never after IgnoreShutdown.
func (h *Hypervisor) Shutdown(ctx context.Context, uuid string) error {
	if err := h.enter(ctx, "Shutdown", uuid); err != nil {
		return err
	}
	defer h.mu.Unlock()
	d := h.domains[uuid]
	if d == nil {
		return absent("shut down", uuid)
	}
	if running(d) && !h.ignore {
		h.stop(d, hypervisor.Off, "shutdown")
	}
	return nil
}

// Destroy implements provisioner.Hypervisor.
func (h *Hypervisor) Destroy(ctx context.Context, uuid string) error {
	if err := h.enter(ctx, "Destroy", uuid); err != nil {
		return err
	}
	defer h.mu.Unlock()
	if d := h.domains[uuid]; d != nil && running(d) {
		h.stop(d, hypervisor.Off, "destroyed")
	}
	return nil
}

// Undefine implements provisioner.Hypervisor. Like libvirt's, a running domain goes on until it stops.
func (h *Hypervisor) Undefine(ctx context.Context, uuid string) error {
	if err := h.enter(ctx, "Undefine", uuid); err != nil {
		return err
	}
	defer h.mu.Unlock()
	d := h.domains[uuid]
	if d == nil || !d.defined {
		return nil
	}
	d.defined = false
	if !running(d) {
		delete(h.domains, uuid)
	}
	h.emit(d, hypervisor.Event{State: hypervisor.Absent, Reason: "undefined"})
	return nil
}

// State implements provisioner.Hypervisor.
func (h *Hypervisor) State(ctx context.Context, uuid string) (hypervisor.State, error) {
	if err := h.enter(ctx, "State", uuid); err != nil {
		return "", err
	}
	defer h.mu.Unlock()
	return h.state(uuid), nil
}

// States implements provisioner.Hypervisor.
func (h *Hypervisor) States(ctx context.Context) (map[string]hypervisor.State, error) {
	if err := h.enter(ctx, "States", ""); err != nil {
		return nil, err
	}
	defer h.mu.Unlock()
	states := make(map[string]hypervisor.State, len(h.domains))
	for uuid := range maps.Keys(h.domains) {
		states[uuid] = h.state(uuid)
	}
	return states, nil
}

// DetachDisk implements provisioner.Hypervisor. The guest lets go at once, or never after HoldDisks.
func (h *Hypervisor) DetachDisk(ctx context.Context, uuid, target string) (bool, error) {
	if err := h.enter(ctx, "DetachDisk", uuid+" "+target); err != nil {
		return false, err
	}
	d := h.domains[uuid]
	if d == nil {
		h.mu.Unlock()
		return false, absent("detach disk "+target+" of", uuid)
	}
	d.config = without(d.config, target)
	if !running(d) || len(without(d.live, target)) == len(d.live) {
		h.mu.Unlock()
		return true, nil
	}
	if !h.hold {
		d.live = without(d.live, target)
		h.mu.Unlock()
		return true, nil
	}
	h.mu.Unlock()
	<-ctx.Done()
	return false, nil
}

// Channel implements provisioner.Hypervisor. Guest returns the other end.
func (h *Hypervisor) Channel(ctx context.Context, uuid, port string) (io.ReadWriteCloser, error) {
	return h.open(ctx, "Channel", uuid, port)
}

// Console implements provisioner.Hypervisor. Guest, with the port "", returns the other end.
func (h *Hypervisor) Console(ctx context.Context, uuid string) (io.ReadWriteCloser, error) {
	return h.open(ctx, "Console", uuid, "")
}

// LiveXML implements provisioner.Hypervisor. Libvirt would add to it; the fake leaves out what was detached.
func (h *Hypervisor) LiveXML(ctx context.Context, uuid string) (string, error) {
	if err := h.enter(ctx, "LiveXML", uuid); err != nil {
		return "", err
	}
	defer h.mu.Unlock()
	d := h.domains[uuid]
	if d == nil {
		return "", absent("describe running", uuid)
	}
	if !running(d) {
		return "", fmt.Errorf("describe domain %s: %w", uuid, errNotRunning)
	}
	return withDisks(d.liveXML, d.live), nil
}

// Stats implements provisioner.Hypervisor. All counters are zero, and so is the size of a disk that nobody resized.
func (h *Hypervisor) Stats(ctx context.Context, uuid string) (hypervisor.Stats, error) {
	if err := h.enter(ctx, "Stats", uuid); err != nil {
		return hypervisor.Stats{}, err
	}
	defer h.mu.Unlock()
	d := h.domains[uuid]
	if d == nil {
		return hypervisor.Stats{}, absent("read the counters of", uuid)
	}
	stats := hypervisor.Stats{State: d.state}
	if !running(d) {
		return stats, nil
	}
	stats.VCPUs, stats.MemoryBytes = d.vcpus, d.memory
	for _, k := range d.live {
		stats.Disks = append(stats.Disks, hypervisor.DiskStats{Target: k.target, ReadOnly: k.readOnly, Format: k.format, CapacityBytes: k.bytes})
	}
	return stats, nil
}

// stop ends a run: streams see their end, watchers see why, and a domain that is not defined any more is gone.
func (h *Hypervisor) stop(d *domain, state hypervisor.State, reason string) {
	for _, l := range d.streams {
		l.end()
	}
	d.streams, d.live, d.state, d.ended = nil, nil, state, reason
	if !d.defined {
		delete(h.domains, d.uuid)
	}
	h.emit(d, hypervisor.Event{State: state, Reason: reason})
}

func (h *Hypervisor) state(uuid string) hypervisor.State {
	if d := h.domains[uuid]; d != nil {
		return d.state
	}
	return hypervisor.Absent
}

func running(d *domain) bool {
	return d.state == hypervisor.Running || d.state == hypervisor.Paused || d.state == hypervisor.Stalled
}

func absent(what, uuid string) error {
	return fmt.Errorf("%s domain %s: %w", what, uuid, hypervisor.ErrNoDomain)
}

func without(disks []disk, target string) []disk {
	var kept []disk
	for _, d := range disks {
		if d.target != target {
			kept = append(kept, d)
		}
	}
	return kept
}

var errNotRunning = errors.New("domain is not running")

// SetSecret implements provisioner.Hypervisor.
func (h *Hypervisor) SetSecret(ctx context.Context, uuid, _ string, value []byte) error {
	if err := h.enter(ctx, "SetSecret", uuid); err != nil {
		return err
	}
	defer h.mu.Unlock()
	if len(value) == 0 {
		return fault.New(fault.Failure, "", "a secret without a value")
	}
	h.secrets[uuid] = true
	h.told = append(h.told, string(value))
	return nil
}

// RemoveSecret implements provisioner.Hypervisor.
func (h *Hypervisor) RemoveSecret(ctx context.Context, uuid string) error {
	if err := h.enter(ctx, "RemoveSecret", uuid); err != nil {
		return err
	}
	defer h.mu.Unlock()
	delete(h.secrets, uuid)
	return nil
}
