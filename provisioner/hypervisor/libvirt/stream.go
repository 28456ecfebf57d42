package libvirt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"libvirt.org/go/libvirt"

	"holm/internal/fault"
)

// maxSend is the most that is handed to libvirt at once: one message of its protocol holds no more than 256 KiB.
const maxSend = 64 << 10

// Channel implements provisioner.Hypervisor. Ctx bounds the opening; Close ends a Read that waits.
func (h *Host) Channel(ctx context.Context, uuid, port string) (io.ReadWriteCloser, error) {
	what := fmt.Sprintf("open port %q of domain %s", port, uuid)
	return h.open(ctx, what, uuid, func(dom *libvirt.Domain, st *libvirt.Stream) error {
		return dom.OpenChannel(port, st, 0)
	})
}

// Console implements provisioner.Hypervisor. Ctx bounds the opening; Close ends a Read that waits.
func (h *Host) Console(ctx context.Context, uuid string) (io.ReadWriteCloser, error) {
	return h.open(ctx, "open the console of domain "+uuid, uuid, func(dom *libvirt.Domain, st *libvirt.Stream) error {
		return dom.OpenConsole("", st, 0)
	})
}

func (h *Host) open(ctx context.Context, what, uuid string,
	attach func(*libvirt.Domain, *libvirt.Stream) error,
) (io.ReadWriteCloser, error) {
	_, release, err := h.acquire()
	if err != nil {
		return nil, err
	}
	s, err := call(ctx, h, what, func(c *libvirt.Connect) (*stream, error) {
		st, err := c.NewStream(libvirt.STREAM_NONBLOCK)
		if err != nil {
			return nil, err
		}
		if _, err := withDomain(c, uuid, func(dom *libvirt.Domain) error { return attach(dom, st) }); err != nil {
			_ = st.Free()
			return nil, unlessTaken(err, what)
		}
		return newStream(st, release)
	})
	if err != nil {
		release()
		return nil, err
	}
	return s, nil
}

// unlessTaken tells a stream that somebody else has open from other failures. Libvirt has no code of its own for it, and gives this one
// for nothing else when a stream is opened: what is off, missing or broken is an invalid operation, or an error of the system's.
func unlessTaken(err error, what string) error {
	if isCode(err, libvirt.ERR_OPERATION_FAILED) {
		return fault.New(fault.Busy, "close the other session first", "%s: somebody else has it open", what)
	}
	return err
}

// stream is a libvirt stream as Go's io knows it. It never blocks in C: libvirt's own blocking receive cannot be
// interrupted reliably. Instead a reader who finds nothing asks the event loop to be woken. Every touch of st happens
// under mu, and none after closed is set, because then it is freed.
type stream struct {
	mu       sync.Mutex
	st       *libvirt.Stream
	closed   bool
	interest libvirt.StreamEventType

	readable chan struct{}
	writable chan struct{}
	done     chan struct{}
	release  func()
}

// again is what libvirt's calls return instead of a count when they would block.
const again = -2

func newStream(st *libvirt.Stream, release func()) (*stream, error) {
	s := &stream{
		st:       st,
		readable: make(chan struct{}, 1), writable: make(chan struct{}, 1), done: make(chan struct{}),
		release: release,
	}
	if err := st.EventAddCallback(0, func(_ *libvirt.Stream, e libvirt.StreamEventType) { s.wake(e) }); err != nil {
		_ = st.Abort()
		_ = st.Free()
		return nil, err
	}
	return s, nil
}

// wake runs in the event loop. Interest is dropped once it is served: libvirt tells again and again what holds.
func (s *stream) wake(e libvirt.StreamEventType) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if e&^libvirt.STREAM_EVENT_WRITABLE != 0 {
		signal(s.readable)
	}
	if e&^libvirt.STREAM_EVENT_READABLE != 0 {
		signal(s.writable)
	}
	s.interest &^= e
	if e&(libvirt.STREAM_EVENT_ERROR|libvirt.STREAM_EVENT_HANGUP) != 0 {
		s.interest = 0
	}
	_ = s.st.EventUpdateCallback(s.interest)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Read implements io.Reader; io.EOF when the domain stops.
func (s *stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return s.try(libvirt.STREAM_EVENT_READABLE, s.readable, func() (int, error) { return s.st.Recv(p) })
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		chunk := p[sent:min(len(p), sent+maxSend)]
		n, err := s.try(libvirt.STREAM_EVENT_WRITABLE, s.writable, func() (int, error) { return s.st.Send(chunk) })
		sent += n
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// try repeats f, which does not block, until it has done something, has failed or the stream is closed.
func (s *stream) try(event libvirt.StreamEventType, ready <-chan struct{}, f func() (int, error)) (int, error) {
	for {
		n, err := s.once(event, f)
		if n != again {
			return n, err
		}
		select {
		case <-ready:
		case <-s.done:
			return 0, io.ErrClosedPipe
		}
	}
}

func (s *stream) once(event libvirt.StreamEventType, f func() (int, error)) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, io.ErrClosedPipe
	}
	n, err := f()
	if err != nil {
		return 0, endOf(err)
	}
	if n == again {
		s.interest |= event
		if err := s.st.EventUpdateCallback(s.interest); err != nil {
			return 0, translate(err)
		}
	}
	return n, nil
}

// endOf: a stream whose other end has gone with the domain fails with one of several errors, depending on whether
// libvirt noticed the socket or the domain first. To a reader all of them are the end.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if _, ok := errors.AsType[libvirt.Error](err); ok {
		return io.EOF
	}
	return err
}

// Close aborts the stream; a Read or Write that waits returns. Closing twice is no error.
func (s *stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	close(s.done)
	_ = s.st.EventRemoveCallback()
	// It fails when the other end has gone already, and then there is nothing to abort.
	_ = s.st.Abort()
	err := s.st.Free()
	s.release()
	if err != nil {
		return fmt.Errorf("close a libvirt stream: %w", translate(err))
	}
	return nil
}
