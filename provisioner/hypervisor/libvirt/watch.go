package libvirt

import (
	"context"

	"libvirt.org/go/libvirt"

	"holm/provisioner/hypervisor"
)

// Watch implements provisioner.Hypervisor. The domain need not exist yet. Only changes are told: an event that brings
// no other state than the last one is left out. The channel is also closed when the connection is lost.
func (h *Host) Watch(ctx context.Context, uuid string) (<-chan hypervisor.Event, error) {
	sub, end := h.hub.subscribe(uuid)
	// Asked for only now, so that no change falls between the answer and the first event.
	state, err := h.State(ctx, uuid)
	if err != nil {
		end()
		return nil, err
	}
	out := make(chan hypervisor.Event)
	h.watchers.Go(func() {
		defer close(out)
		defer end()
		h.deliver(ctx, out, hypervisor.Event{State: state, Reason: "now"}, sub)
	})
	return out, nil
}

func (h *Host) deliver(ctx context.Context, out chan<- hypervisor.Event, e hypervisor.Event, sub *subscription) {
	events := []hypervisor.Event{e}
	last := hypervisor.State("")
	for {
		for _, e := range events {
			e = h.diagnose(ctx, sub.uuid, last, e)
			if e.State == last {
				continue
			}
			last = e.State
			select {
			case out <- e:
			case <-ctx.Done():
				return
			case <-h.lost.Done():
				return
			}
		}
		select {
		case <-sub.ready:
			events = changes(sub.take())
		case <-ctx.Done():
			return
		case <-h.lost.Done():
			return
		}
	}
}

// changes picks the changes of state out of all notices.
func changes(notices []notice) []hypervisor.Event {
	var events []hypervisor.Event
	for _, n := range notices {
		if n.device == "" {
			events = append(events, n.Event)
		}
	}
	return events
}

// The reasons that are told in more than one place.
const (
	reasonStarted = "started"
	reasonResumed = "resumed"
	reasonFailed  = "failed"
	reasonCrashed = "crashed"
	reasonIOError = "io-error"
)

// diagnose says what libvirt's event does not: QEMU starts paused, so that a start is first told as "resumed"; and a
// QEMU that died under a guest is told as one that never came up, only the state that it leaves is another.
func (h *Host) diagnose(ctx context.Context, uuid string, last hypervisor.State, e hypervisor.Event) hypervisor.Event {
	switch {
	case e.Reason == reasonResumed && last != hypervisor.Paused && last != hypervisor.Stalled:
		e.Reason = reasonStarted
	case e.Reason == reasonFailed:
		if state, err := h.State(ctx, uuid); err == nil && state == hypervisor.Crashed {
			return hypervisor.Event{State: state, Reason: reasonCrashed}
		}
	}
	return e
}

// eventOf sorts libvirt's events; ok is false for those that change nothing that matters here.
func eventOf(e *libvirt.DomainEventLifecycle) (event hypervisor.Event, ok bool) {
	switch e.Event {
	case libvirt.DOMAIN_EVENT_DEFINED:
		if libvirt.DomainEventDefinedDetailType(e.Detail) == libvirt.DOMAIN_EVENT_DEFINED_ADDED {
			return hypervisor.Event{State: hypervisor.Off, Reason: "defined"}, true
		}
	case libvirt.DOMAIN_EVENT_UNDEFINED:
		return hypervisor.Event{State: hypervisor.Absent, Reason: "undefined"}, true
	case libvirt.DOMAIN_EVENT_STARTED:
		return hypervisor.Event{State: hypervisor.Running, Reason: reasonStarted}, true
	case libvirt.DOMAIN_EVENT_RESUMED:
		return hypervisor.Event{State: hypervisor.Running, Reason: reasonResumed}, true
	case libvirt.DOMAIN_EVENT_SUSPENDED:
		if libvirt.DomainEventSuspendedDetailType(e.Detail) == libvirt.DOMAIN_EVENT_SUSPENDED_IOERROR {
			return hypervisor.Event{State: hypervisor.Stalled, Reason: reasonIOError}, true
		}
		return hypervisor.Event{State: hypervisor.Paused, Reason: "paused"}, true
	case libvirt.DOMAIN_EVENT_PMSUSPENDED:
		return hypervisor.Event{State: hypervisor.Paused, Reason: "paused"}, true
	case libvirt.DOMAIN_EVENT_CRASHED:
		return hypervisor.Event{State: hypervisor.Crashed, Reason: reasonCrashed}, true
	case libvirt.DOMAIN_EVENT_STOPPED:
		return stopped(libvirt.DomainEventStoppedDetailType(e.Detail)), true
	case libvirt.DOMAIN_EVENT_SHUTDOWN:
		// The guest has halted; "stopped" follows when QEMU has gone.
	}
	return hypervisor.Event{}, false
}

func stopped(detail libvirt.DomainEventStoppedDetailType) hypervisor.Event {
	reasons := map[libvirt.DomainEventStoppedDetailType]string{
		libvirt.DOMAIN_EVENT_STOPPED_SHUTDOWN:  "shutdown",
		libvirt.DOMAIN_EVENT_STOPPED_DESTROYED: "destroyed",
		libvirt.DOMAIN_EVENT_STOPPED_CRASHED:   reasonCrashed,
		libvirt.DOMAIN_EVENT_STOPPED_SAVED:     "saved",
		libvirt.DOMAIN_EVENT_STOPPED_FAILED:    reasonFailed,
	}
	event := hypervisor.Event{State: hypervisor.Off, Reason: "stopped"}
	if reason, known := reasons[detail]; known {
		event.Reason = reason
	}
	if detail == libvirt.DOMAIN_EVENT_STOPPED_CRASHED {
		event.State = hypervisor.Crashed
	}
	return event
}
