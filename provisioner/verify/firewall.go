package verify

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// refusedWithin is how long a port may leave an attempt without an answer before it counts as closed.
const refusedWithin = 2 * time.Second

// firewall is the guest's to spoil, who chooses the port: it shows what a guest that wants to be seen as it is shows. It opens
// a port and listens on it for as long as it tries its own checks, so that being refused is the packet filter's doing and not
// the want of a listener.
func firewall() rule {
	return rule{
		id: "firewall", side: Network, source: "CIS Debian 4.3",
		promise: "a port that was not asked for cannot be reached, whoever listens on it",
		try: func(ctx context.Context, t *trial) found {
			const tried = "connect to a port on which the guest listens, and to port 22"
			port := t.Guest.port(ctx)
			if port == 0 {
				return inconclusive(tried, "the guest opened no port to be tried")
			}
			if t.Guest.ended() {
				return inconclusive(tried, "the guest had closed port %d before it could be tried", port)
			}
			conn, err := t.dial(ctx, port, refusedWithin)
			late := t.Guest.ended()
			if err == nil {
				_ = conn.Close()
				return failed(tried, "port %d let the host in", port)
			}
			if s := t.session(); !s.connected {
				return inconclusive(tried, "control: port 22 cannot be reached either: %v", s.err)
			}
			switch {
			case ctx.Err() != nil:
				return inconclusive(tried, "there was no time for it")
			case timedOut(err):
				return passed(tried, "port %d did not answer within %s; control: port 22 did", port, refusedWithin)
			case late:
				return inconclusive(tried, "the guest closed port %d while it was tried", port)
			case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EACCES):
				return passed(tried, "port %d: refused; control: port 22 answered", port)
			}
			return inconclusive(tried, "port %d: %v", port, err)
		},
	}
}

func timedOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
}
