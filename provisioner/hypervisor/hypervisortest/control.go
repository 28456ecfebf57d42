package hypervisortest

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"holm/provisioner/hypervisor"
)

// FailWith makes every call ask f first, with the method's name and the UUID, name or "UUID target" that it is about; an
// error from f is what the call returns, and nothing has happened. Nil ends it.
func (h *Hypervisor) FailWith(f func(method, object string) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail = f
}

// FailOnce makes the next call of method return err.
func (h *Hypervisor) FailOnce(method string, err error) {
	done := false
	h.FailWith(func(m, _ string) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if m != method || done {
			return nil
		}
		done = true
		return err
	})
}

// IgnoreShutdown makes guests deaf to Shutdown.
func (h *Hypervisor) IgnoreShutdown(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ignore = on
}

// HoldDisks makes guests never let go of a disk.
func (h *Hypervisor) HoldDisks(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hold = on
}

// OnStart is called after each start, outside of every lock: the place to play the guest's boot.
func (h *Hypervisor) OnStart(f func(uuid string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onStart = f
}

// PowerOff is the guest switching itself off.
func (h *Hypervisor) PowerOff(uuid string) { h.end(uuid, hypervisor.Off, "shutdown") }

// Forget is the hypervisor starting anew: nobody knows any more why domains are off.
func (h *Hypervisor) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.domains {
		d.ended = ""
	}
}

// SwitchedOff implements provisioner.Hypervisor.
func (h *Hypervisor) SwitchedOff(ctx context.Context) (map[string]bool, error) {
	if err := h.enter(ctx, "SwitchedOff", ""); err != nil {
		return nil, err
	}
	defer h.mu.Unlock()
	halted := map[string]bool{}
	for uuid, d := range h.domains {
		if d.state == hypervisor.Off && d.ended == "shutdown" {
			halted[uuid] = true
		}
	}
	return halted, nil
}

// Crash is the guest's kernel panicking.
func (h *Hypervisor) Crash(uuid string) { h.end(uuid, hypervisor.Crashed, "crashed") }

func (h *Hypervisor) end(uuid string, state hypervisor.State, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.domains[uuid]; d != nil && running(d) {
		h.stop(d, state, reason)
	}
}

// Stall is the hypervisor pausing a guest because a disk of it has failed, for a reason such as provisioner.DiskFull.
func (h *Hypervisor) Stall(uuid, target, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.domains[uuid]
	if d == nil || !running(d) {
		return
	}
	d.failed = map[string]string{target: reason}
	if d.state != hypervisor.Stalled {
		d.state = hypervisor.Stalled
		h.emit(d, hypervisor.Event{State: d.state, Reason: "io-error"})
	}
}

// Pause is somebody pausing a guest.
func (h *Hypervisor) Pause(uuid string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.domains[uuid]; d != nil && d.state == hypervisor.Running {
		d.state = hypervisor.Paused
		h.emit(d, hypervisor.Event{State: d.state, Reason: "paused"})
	}
}

// OnResume is called after each Resume that let a guest go on, outside of every lock: the place to stall it again.
func (h *Hypervisor) OnResume(f func(uuid string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onResume = f
}

// Guest returns the guest's end of a port of a running domain ("" is the console); it can be taken before the host has
// opened its own. It is nil when the domain does not run.
func (h *Hypervisor) Guest(uuid, port string) io.ReadWriteCloser {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.domains[uuid]; d != nil && running(d) {
		return d.link(port).guest()
	}
	return nil
}

// Open is the guest having a port open, which LiveXML tells until the domain stops.
func (h *Hypervisor) Open(uuid, port string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.domains[uuid]; d != nil && running(d) {
		d.liveXML = strings.Replace(d.liveXML, `name="`+port+`"`, `name="`+port+`" state="connected"`, 1)
	}
}

// Calls returns the methods called so far, in order.
func (h *Hypervisor) Calls() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls)
}

// Told returns every secret that it was ever given: a real one writes them down.
func (h *Hypervisor) Told() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

// Keeps returns how many secrets it has at the moment.
func (h *Hypervisor) Keeps() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.secrets)
}

// Networks returns the names of the networks that exist, sorted.
func (h *Hypervisor) Networks() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	for _, n := range h.networks {
		names = append(names, n.name)
	}
	slices.Sort(names)
	return names
}

// Defined returns the XML of each domain's definition, by UUID, and of the running guest where that is another.
func (h *Hypervisor) Defined() (defined, running map[string]string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defined, running = map[string]string{}, map[string]string{}
	for uuid, d := range h.domains {
		defined[uuid] = d.xml
		if d.state == hypervisor.Running {
			running[uuid] = d.liveXML
		}
	}
	return defined, running
}

// Secrets returns the UUIDs of the domains for which a secret is held ready.
func (h *Hypervisor) Secrets() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.secrets))
}

// Bridges returns the bridge of each network that exists, by the network's name.
func (h *Hypervisor) Bridges() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	bridges := map[string]string{}
	for _, n := range h.networks {
		bridges[n.name] = n.bridge
	}
	return bridges
}

// Filters are the names of the network filters that there are, sorted.
func (h *Hypervisor) Filters() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.filters))
}
