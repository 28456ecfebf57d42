// Package libvirt speaks to libvirt, and through it to QEMU's monitor. It is the only room that imports libvirt and
// go-qemu: what goes in and comes out are plain values, contexts and the errors of provisioner, and every libvirt
// object is freed before a method returns.
//
// Calls that can hang in C (starting and stopping QEMU, unplugging, the monitor) run in a goroutine of their own, and
// a context that ends gives up on them; libvirt goes on with what it was told. All others answer at once or, when
// libvirtd is dead, after the keepalive's 15 seconds.
package libvirt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"libvirt.org/go/libvirt"

	"holm/internal/debuglog"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

// A libvirtd that has not answered for keepaliveSeconds, keepaliveTimes in a row, is taken for dead.
const (
	keepaliveSeconds = 5
	keepaliveTimes   = 3
)

// maxURI bounds what is handed to libvirt, which writes it to its log.
const maxURI = 1024

var _ hypervisor.Driver = (*Host)(nil)

// Host is one connection to libvirt. It may be used from several goroutines.
type Host struct {
	uri string

	mu     sync.Mutex
	conn   *libvirt.Connect // nil after Close
	starts map[string]chan struct{}

	hub      hub
	lost     context.Context // ends with the connection
	lose     context.CancelFunc
	watchers sync.WaitGroup
}

// Connect opens the connection. A libvirt that does not answer is a fault of kind Unfit that wraps
// provisioner.ErrUnreachable.
func Connect(ctx context.Context, uri string) (*Host, error) {
	if uri == "" || len(uri) > maxURI || clean(uri) != uri {
		return nil, fault.New(fault.Usage, "use --connect qemu:///system",
			"libvirt URI %q is not allowed: use 1 to %d printable characters", clip(uri, maxShown), maxURI)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("connect to libvirt at %q: %w", uri, err)
	}
	if err := eventLoop(); err != nil {
		return nil, unreachable(uri, err)
	}
	conn, err := dial(ctx, uri)
	if err != nil {
		return nil, err
	}
	if err := conn.SetKeepAlive(keepaliveSeconds, keepaliveTimes); err != nil && !lacks(err) {
		_, _ = conn.Close()
		return nil, unreachable(uri, err)
	}
	h := &Host{uri: uri, conn: conn, starts: map[string]chan struct{}{}, hub: hub{subs: map[*subscription]struct{}{}}}
	// The connection outlives the context that it was opened under.
	h.lost, h.lose = context.WithCancel(context.WithoutCancel(ctx))
	if err := h.hub.register(conn); err != nil {
		return nil, errors.Join(unreachable(uri, err), h.Close())
	}
	// In-process drivers have no connection to lose and may refuse.
	if err := conn.RegisterCloseCallback(func(*libvirt.Connect, libvirt.ConnectCloseReason) { h.lose() }); err != nil && !lacks(err) {
		return nil, errors.Join(unreachable(uri, err), h.Close())
	}
	return h, nil
}

// dial gives up with ctx: a socket that somebody listens on without answering would hold it forever.
func dial(ctx context.Context, uri string) (conn *libvirt.Connect, err error) {
	span := debuglog.Begin(ctx, "libvirt", slog.String("call", "connect to "+uri))
	defer func() { span.End(debuglog.Err(err)) }()
	type answer struct {
		conn *libvirt.Connect
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		conn, err := libvirt.NewConnect(uri)
		answers <- answer{conn, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return nil, unreachable(uri, a.err)
		}
		return a.conn, nil
	case <-ctx.Done():
		go func() {
			if a := <-answers; a.err == nil {
				_, _ = a.conn.Close()
			}
		}()
		return nil, unreachable(uri, ctx.Err())
	}
}

// Close ends all watches and gives the connection back. Calls that were given up on keep it until they return.
func (h *Host) Close() error {
	h.lose()
	h.watchers.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn == nil {
		return nil
	}
	conn := h.conn
	h.conn = nil
	// It is refused when no callback was registered.
	_ = conn.UnregisterCloseCallback()
	if _, err := conn.Close(); err != nil {
		return fmt.Errorf("close the connection to libvirt at %q: %w", h.uri, translate(err))
	}
	return nil
}

// acquire lends the connection; release gives it back. The reference keeps it alive for a call that outlives Close.
func (h *Host) acquire() (conn *libvirt.Connect, release func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn == nil {
		return nil, nil, unreachable(h.uri, errors.New("the connection was closed"))
	}
	if err := h.conn.Ref(); err != nil {
		return nil, nil, unreachable(h.uri, err)
	}
	conn = h.conn
	return conn, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		_, _ = conn.Close()
	}, nil
}

// call runs f, which answers soon, with the connection.
func call[T any](ctx context.Context, h *Host, what string, f func(*libvirt.Connect) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("%s: %w", what, err)
	}
	conn, release, err := h.acquire()
	if err != nil {
		return none, err
	}
	defer release()
	v, err := f(conn)
	if err != nil {
		return none, h.explain(conn, what, err)
	}
	return v, nil
}

// wait runs f, which can hang, and gives up on it when ctx ends. What f has allocated, f frees.
func wait[T any](ctx context.Context, h *Host, what string, f func(*libvirt.Connect) (T, error)) (T, error) {
	return waitThen(ctx, h, what, f, func() {})
}

// waitThen calls ended once f has come to its end, or will never begin: that may be long after it was given up on.
func waitThen[T any](ctx context.Context, h *Host, what string, f func(*libvirt.Connect) (T, error), ended func()) (v T, err error) {
	span := debuglog.Begin(ctx, "libvirt", slog.String("call", what))
	defer func() { span.End(debuglog.Err(err)) }()
	type answer struct {
		v   T
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		defer ended()
		v, err := call(ctx, h, what, f)
		answers <- answer{v, err}
	}()
	select {
	case a := <-answers:
		return a.v, a.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("%s: gave up waiting for libvirt: %w", what, ctx.Err())
	}
}

// explain turns what libvirt says into an error of provisioner that says what was tried.
func (h *Host) explain(conn *libvirt.Connect, what string, err error) error {
	if _, ok := errors.AsType[libvirt.Error](err); ok {
		if alive, aliveErr := conn.IsAlive(); aliveErr == nil && !alive {
			return unreachable(h.uri, err)
		}
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fmt.Errorf("%s: %w", what, translate(err))
}

// settled waits until a start that somebody gave up on has come to its end: only then does destroying the domain
// destroy what that start has made. A start that hangs must not keep its own remedy away for long.
func (h *Host) settled(ctx context.Context, uuid string) {
	const patience = 10 * time.Second
	h.mu.Lock()
	starting := h.starts[uuid]
	h.mu.Unlock()
	if starting == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-starting:
	case <-ctx.Done():
	}
}

// starting says that a start of uuid is under way until the returned function is called.
func (h *Host) starting(uuid string) (done func()) {
	ch := make(chan struct{})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.starts[uuid] = ch
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.starts[uuid] == ch {
			delete(h.starts, uuid)
		}
		close(ch)
	}
}
