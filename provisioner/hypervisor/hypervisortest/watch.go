package hypervisortest

import (
	"context"

	"holm/provisioner/hypervisor"
)

// watcher is one Watch. Its events wait in a slice, as libvirt's do in its event loop: a slow reader loses none and
// holds up nobody.
type watcher struct {
	uuid   string
	events []hypervisor.Event
	ready  chan struct{}
}

// Watch implements provisioner.Hypervisor.
func (h *Hypervisor) Watch(ctx context.Context, uuid string) (<-chan hypervisor.Event, error) {
	if err := h.enter(ctx, "Watch", uuid); err != nil {
		return nil, err
	}
	w := &watcher{uuid: uuid, ready: make(chan struct{}, 1)}
	h.watchers[w] = struct{}{}
	w.put(hypervisor.Event{State: h.state(uuid), Reason: "now"})
	h.mu.Unlock()
	out := make(chan hypervisor.Event)
	go h.deliver(ctx, w, out)
	return out, nil
}

func (h *Hypervisor) deliver(ctx context.Context, w *watcher, out chan<- hypervisor.Event) {
	defer close(out)
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers, w)
	}()
	for {
		select {
		case <-w.ready:
		case <-ctx.Done():
			return
		}
		h.mu.Lock()
		events := w.events
		w.events = nil
		h.mu.Unlock()
		for _, e := range events {
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
		}
	}
}

// emit and put are called with the lock held.
func (h *Hypervisor) emit(d *domain, e hypervisor.Event) {
	for w := range h.watchers {
		if w.uuid == d.uuid {
			w.put(e)
		}
	}
}

func (w *watcher) put(e hypervisor.Event) {
	w.events = append(w.events, e)
	select {
	case w.ready <- struct{}{}:
	default:
	}
}
