package hypervisortest

import (
	"context"
	"fmt"
	"maps"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

// ResizeDisk implements provisioner.Hypervisor. Stats tells the size from then on, until the domain stops.
func (h *Hypervisor) ResizeDisk(ctx context.Context, uuid, target string, bytes uint64) error {
	d, err := h.enterRunning(ctx, "ResizeDisk", uuid, target)
	if err != nil {
		return err
	}
	defer h.mu.Unlock()
	for i := range d.live {
		k := &d.live[i]
		switch {
		case k.target != target:
		case k.bytes > bytes:
			return fault.New(fault.Usage, "", "disk %q of domain %s has %d bytes, and does not shrink to %d", target, uuid, k.bytes, bytes)
		default:
			k.bytes = bytes
			return nil
		}
	}
	return fmt.Errorf("domain %s has no disk %q", uuid, target)
}

// DiskErrors implements provisioner.Hypervisor. It tells what Stall was told in this run of the domain.
func (h *Hypervisor) DiskErrors(ctx context.Context, uuid string) (map[string]string, error) {
	d, err := h.enterRunning(ctx, "DiskErrors", uuid, "")
	if err != nil {
		return nil, err
	}
	defer h.mu.Unlock()
	failed := map[string]string{}
	maps.Copy(failed, d.failed)
	return failed, nil
}

// Resume implements provisioner.Hypervisor. What stalled the guest is over, unless OnResume stalls it again.
func (h *Hypervisor) Resume(ctx context.Context, uuid string) error {
	d, err := h.enterRunning(ctx, "Resume", uuid, "")
	if err != nil {
		return err
	}
	if d.state == hypervisor.Running {
		h.mu.Unlock()
		return nil
	}
	d.state = hypervisor.Running
	h.emit(d, hypervisor.Event{State: d.state, Reason: "resumed"})
	onResume := h.onResume
	h.mu.Unlock()
	if onResume != nil {
		onResume(uuid)
	}
	return nil
}

// enterRunning is enter for what only a running domain can do. The lock is held when it succeeds.
func (h *Hypervisor) enterRunning(ctx context.Context, method, uuid, target string) (*domain, error) {
	object := uuid
	if target != "" {
		object += " " + target
	}
	if err := h.enter(ctx, method, object); err != nil {
		return nil, err
	}
	d := h.domains[uuid]
	switch {
	case d == nil:
		h.mu.Unlock()
		return nil, absent(method, uuid)
	case !running(d):
		h.mu.Unlock()
		return nil, fmt.Errorf("%s of domain %s: %w", method, uuid, errNotRunning)
	}
	return d, nil
}
