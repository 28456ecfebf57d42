package hypervisor

import (
	"context"
	"sync"

	"libvirt.org/go/libvirt"

	"holm/provisioner"
)

// Watch implements provisioner.Hypervisor. The domain need not exist yet. Because the state is read after the watch
// has begun, a change in between can be told twice. The channel is also closed when the connection is lost.
func (h *Host) Watch(ctx context.Context, uuid string) (<-chan provisioner.DomainEvent, error) {
	conn, release, err := h.acquire()
	if err != nil {
		return nil, err
	}
	what := "watch domain " + uuid
	q := newQueue()
	// Registered for all domains: one that does not exist yet cannot be named to libvirt.
	id, err := call(ctx, h, what, func(c *libvirt.Connect) (int, error) {
		return c.DomainEventLifecycleRegister(nil, func(_ *libvirt.Connect, d *libvirt.Domain, e *libvirt.DomainEventLifecycle) {
			// The event loop waits for this: nothing in it may block.
			if have, err := d.GetUUIDString(); err == nil && have == uuid {
				if event, ok := eventOf(e); ok {
					q.put(event)
				}
			}
		})
	})
	if err != nil {
		release()
		return nil, err
	}
	state, err := h.State(ctx, uuid)
	if err != nil {
		_ = conn.DomainEventDeregister(id)
		release()
		return nil, err
	}
	out := make(chan provisioner.DomainEvent)
	h.watchers.Go(func() {
		defer release()
		defer close(out)
		defer func() { _ = conn.DomainEventDeregister(id) }()
		h.deliver(ctx, uuid, out, provisioner.DomainEvent{State: state, Reason: "now"}, q)
	})
	return out, nil
}

func (h *Host) deliver(ctx context.Context, uuid string, out chan<- provisioner.DomainEvent, first provisioner.DomainEvent, q *queue) {
	events := []provisioner.DomainEvent{first}
	for {
		for _, e := range events {
			e = h.diagnose(ctx, uuid, e)
			select {
			case out <- e:
			case <-ctx.Done():
				return
			case <-h.lost.Done():
				return
			}
		}
		select {
		case <-q.ready:
			events = q.take()
		case <-ctx.Done():
			return
		case <-h.lost.Done():
			return
		}
	}
}

// diagnose: libvirt's event for a QEMU that died under a guest is that for one that never came up; the state that it
// leaves tells them apart.
func (h *Host) diagnose(ctx context.Context, uuid string, e provisioner.DomainEvent) provisioner.DomainEvent {
	if e.Reason != reasonFailed {
		return e
	}
	if state, err := h.State(ctx, uuid); err == nil && state == provisioner.DomainCrashed {
		return provisioner.DomainEvent{State: state, Reason: "crashed"}
	}
	return e
}

// reasonFailed is that of a start that failed.
const reasonFailed = "failed"

// eventOf sorts libvirt's events; ok is false for those that change nothing that matters here.
func eventOf(e *libvirt.DomainEventLifecycle) (event provisioner.DomainEvent, ok bool) {
	switch e.Event {
	case libvirt.DOMAIN_EVENT_DEFINED:
		if libvirt.DomainEventDefinedDetailType(e.Detail) == libvirt.DOMAIN_EVENT_DEFINED_ADDED {
			return provisioner.DomainEvent{State: provisioner.DomainOff, Reason: "defined"}, true
		}
	case libvirt.DOMAIN_EVENT_UNDEFINED:
		return provisioner.DomainEvent{State: provisioner.DomainAbsent, Reason: "undefined"}, true
	case libvirt.DOMAIN_EVENT_STARTED:
		return provisioner.DomainEvent{State: provisioner.DomainRunning, Reason: "started"}, true
	case libvirt.DOMAIN_EVENT_RESUMED:
		return provisioner.DomainEvent{State: provisioner.DomainRunning, Reason: "resumed"}, true
	case libvirt.DOMAIN_EVENT_SUSPENDED, libvirt.DOMAIN_EVENT_PMSUSPENDED:
		return provisioner.DomainEvent{State: provisioner.DomainPaused, Reason: "paused"}, true
	case libvirt.DOMAIN_EVENT_CRASHED:
		return provisioner.DomainEvent{State: provisioner.DomainCrashed, Reason: "crashed"}, true
	case libvirt.DOMAIN_EVENT_STOPPED:
		return stopped(libvirt.DomainEventStoppedDetailType(e.Detail)), true
	case libvirt.DOMAIN_EVENT_SHUTDOWN:
		// The guest has halted; "stopped" follows when QEMU has gone.
	}
	return provisioner.DomainEvent{}, false
}

func stopped(detail libvirt.DomainEventStoppedDetailType) provisioner.DomainEvent {
	reasons := map[libvirt.DomainEventStoppedDetailType]string{
		libvirt.DOMAIN_EVENT_STOPPED_SHUTDOWN:  "shutdown",
		libvirt.DOMAIN_EVENT_STOPPED_DESTROYED: "destroyed",
		libvirt.DOMAIN_EVENT_STOPPED_CRASHED:   "crashed",
		libvirt.DOMAIN_EVENT_STOPPED_SAVED:     "saved",
		libvirt.DOMAIN_EVENT_STOPPED_FAILED:    reasonFailed,
	}
	event := provisioner.DomainEvent{State: provisioner.DomainOff, Reason: "stopped"}
	if reason, known := reasons[detail]; known {
		event.Reason = reason
	}
	if detail == libvirt.DOMAIN_EVENT_STOPPED_CRASHED {
		event.State = provisioner.DomainCrashed
	}
	return event
}

// queue stands between the event loop, which must not wait, and a reader who may. It is bounded: of a reader who does
// not read, only the latest events are worth keeping.
type queue struct {
	mu     sync.Mutex
	events []provisioner.DomainEvent
	ready  chan struct{}
}

const maxQueued = 64

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

func (q *queue) put(e provisioner.DomainEvent) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) == maxQueued {
		q.events = q.events[1:]
	}
	q.events = append(q.events, e)
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *queue) take() []provisioner.DomainEvent {
	q.mu.Lock()
	defer q.mu.Unlock()
	events := q.events
	q.events = nil
	return events
}
