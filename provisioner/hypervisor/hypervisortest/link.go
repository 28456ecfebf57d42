package hypervisortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"holm/internal/fault"
)

// link is a port between host and guest: two buffers that take everything, as QEMU and the kernel do for a while, and
// an end that comes with the domain's.
type link struct {
	mu       sync.Mutex
	changed  *sync.Cond
	toHost   []byte
	toGuest  []byte
	ended    bool
	attached *hostEnd // the one that has it open
}

func (d *domain) link(port string) *link {
	l := d.streams[port]
	if l == nil {
		l = &link{}
		l.changed = sync.NewCond(&l.mu)
		d.streams[port] = l
	}
	return l
}

func (h *Hypervisor) open(ctx context.Context, method, uuid, port string) (io.ReadWriteCloser, error) {
	if err := h.enter(ctx, method, uuid); err != nil {
		return nil, err
	}
	defer h.mu.Unlock()
	d := h.domains[uuid]
	if d == nil {
		return nil, absent(fmt.Sprintf("open port %q of", port), uuid)
	}
	if !running(d) {
		return nil, fmt.Errorf("open port %q of domain %s: %w", port, uuid, errNotRunning)
	}
	return d.link(port).attach()
}

func (l *link) attach() (*hostEnd, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.attached != nil {
		return nil, fault.New(fault.Busy, "close the other session first", "somebody else has the port open")
	}
	l.attached = &hostEnd{link: l}
	return l.attached, nil
}

func (l *link) guest() io.ReadWriteCloser { return guestEnd{l} }

func (l *link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.changed.Broadcast()
}

// read waits for bytes in from, the end of the link, or closed; the lock is held.
func (l *link) read(p []byte, from *[]byte, closed func() bool) (int, error) {
	for len(*from) == 0 && !l.ended && !closed() {
		l.changed.Wait()
	}
	switch {
	case closed():
		return 0, io.ErrClosedPipe
	case len(*from) == 0:
		return 0, io.EOF
	}
	n := copy(p, *from)
	*from = (*from)[n:]
	return n, nil
}

func (l *link) write(p []byte, to *[]byte) (int, error) {
	if l.ended {
		return 0, io.ErrClosedPipe
	}
	*to = append(*to, p...)
	l.changed.Broadcast()
	return len(p), nil
}

type hostEnd struct {
	*link
	closed bool
}

func (e *hostEnd) Read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.read(p, &e.toHost, func() bool { return e.closed })
}

func (e *hostEnd) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return 0, io.ErrClosedPipe
	}
	return e.write(p, &e.toGuest)
}

func (e *hostEnd) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.attached == e {
		e.attached = nil
	}
	e.changed.Broadcast()
	return nil
}

// guestEnd is the device in the guest. Closing it does not end the link: the port is still there.
type guestEnd struct{ *link }

func (e guestEnd) Read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.read(p, &e.toGuest, func() bool { return false })
}

func (e guestEnd) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n, err := e.write(p, &e.toHost)
	if errors.Is(err, io.ErrClosedPipe) {
		return n, fmt.Errorf("the guest is off: %w", err)
	}
	return n, err
}

func (e guestEnd) Close() error { return nil }
