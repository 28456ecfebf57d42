package docker

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
	"holm/guest/probe/procfs"
)

const (
	maxListeners = 64                     // listeners of dockerd's that are asked
	answerTime   = 500 * time.Millisecond // that each gets to say something
)

// ports are where Docker's TCP socket is by custom, without and with TLS.
var ports = []string{"127.0.0.1:2375", "127.0.0.1:2376"}

// tcpState is what was found of TCP.
type tcpState struct {
	guest, netns dockerTries      // connecting to ports in the guest, and where dockerd lives
	listens      []netip.AddrPort // dockerd's own listeners
	speaks       []netip.AddrPort // those of them that answer; the others only hold a container's published port
}

func noTCP() probe.Check {
	return check(probe.Check{
		ID: "docker-no-tcp", Source: "Docker bench 2.7; CIS Docker 2.7",
		Promise: "Docker listens on its Unix socket and on no TCP port.",
		Try: func(ctx context.Context, env *probe.Env) probe.Result {
			const tried = "connect to 127.0.0.1:2375 and :2376, in the guest and where dockerd lives; ask dockerd's listeners"
			api, err := newClient(env.User)
			if err != nil {
				return probe.Inconclusive(tried, "%s", clean(err.Error()))
			}
			defer api.close()
			if err := api.ping(ctx); err != nil {
				return probe.Inconclusive(tried, "dockerd does not answer: %s", clean(err.Error()))
			}
			found, err := findTCP(ctx, api.socket)
			if err != nil {
				return probe.Inconclusive(tried, "%s", clean(err.Error()))
			}
			return found.judge(tried)
		},
	})
}

func findTCP(ctx context.Context, socket string) (tcpState, error) {
	found := tcpState{guest: dockerTries{}, netns: dockerTries{}}
	daemon, err := peerOf(ctx, socket)
	if err != nil {
		return found, err
	}
	if found.listens, err = procfs.Listening(daemon.pid); err != nil {
		return found, err
	}
	for _, address := range ports {
		found.guest.do(address, func() error { return dial(ctx, "tcp "+address) })
	}
	return found, within(daemon.pid, func() error {
		if err := dialOwn(ctx); err != nil {
			return fmt.Errorf("a listener of one's own is out of reach where dockerd lives: %w", err)
		}
		for _, address := range ports {
			found.netns.do(address, func() error { return dial(ctx, "tcp "+address) })
		}
		for _, listener := range found.listens[:min(len(found.listens), maxListeners)] {
			if dockerSpeaks(ctx, procfs.Reachable(listener).String()) {
				found.speaks = append(found.speaks, listener)
			}
		}
		return nil
	})
}

// dockerSpeaks asks a listener like a client of Docker's and tells whether anything at all comes back. A daemon with TLS
// answers that too, if only with a complaint.
func dockerSpeaks(ctx context.Context, address string) bool {
	conn, err := (&net.Dialer{Timeout: answerTime}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return false
	}
	if _, err := io.WriteString(conn, "GET /_ping HTTP/1.0\r\n\r\n"); err != nil {
		return false
	}
	n, _ := conn.Read(make([]byte, 1))
	return n > 0
}

func (f tcpState) judge(tried string) probe.Result {
	if len(f.speaks) > 0 {
		return probe.Failed(tried, "dockerd answers on TCP: %v", f.speaks)
	}
	for where, tries := range map[string]dockerTries{"in the guest": f.guest, "where dockerd lives": f.netns} {
		for _, address := range ports {
			if tries[address] == 0 {
				return probe.Failed(tried, "%s is open %s", address, where)
			}
		}
		if !tries.among(ports, unix.ECONNREFUSED) {
			return probe.Inconclusive(tried, "%s: %s", where, tries.tell(ports...))
		}
	}
	return probe.Passed(tried, "ECONNREFUSED on all; %d listeners of dockerd's, and none answers", len(f.listens))
}
