package probe

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	dockerMaxListeners = 64                     // listeners of dockerd's that are asked
	dockerAnswerTime   = 500 * time.Millisecond // that each gets to say something
)

// dockerPorts are where Docker's TCP socket is by custom, without and with TLS.
var dockerPorts = []string{"127.0.0.1:2375", "127.0.0.1:2376"}

// dockerTCP is what was found of TCP.
type dockerTCP struct {
	guest, netns dockerTries      // connecting to dockerPorts in the guest, and where dockerd lives
	listens      []netip.AddrPort // dockerd's own listeners
	speaks       []netip.AddrPort // those of them that answer; the others only hold a container's published port
}

func dockerNoTCP() Check {
	return dockerCheck(Check{
		ID: "docker-no-tcp", Source: "Docker bench 2.7; CIS Docker 2.7",
		Promise: "Docker listens on its Unix socket and on no TCP port.",
		Try: func(ctx context.Context, env *Env) Result {
			const tried = "connect to 127.0.0.1:2375 and :2376, in the guest and where dockerd lives; ask dockerd's listeners"
			api, err := newDockerClient(env.User)
			if err != nil {
				return inconclusive(tried, "%s", dockerClean(err.Error()))
			}
			defer api.close()
			if err := api.ping(ctx); err != nil {
				return inconclusive(tried, "dockerd does not answer: %s", dockerClean(err.Error()))
			}
			found, err := findDockerTCP(ctx, api.socket)
			if err != nil {
				return inconclusive(tried, "%s", dockerClean(err.Error()))
			}
			return found.judge(tried)
		},
	})
}

func findDockerTCP(ctx context.Context, socket string) (dockerTCP, error) {
	found := dockerTCP{guest: dockerTries{}, netns: dockerTries{}}
	daemon, err := dockerPeer(ctx, socket)
	if err != nil {
		return found, err
	}
	if found.listens, err = dockerListening(daemon.pid); err != nil {
		return found, err
	}
	for _, address := range dockerPorts {
		found.guest.do(address, func() error { return dockerDial(ctx, "tcp "+address) })
	}
	return found, dockerWithin(daemon.pid, func() error {
		if err := dockerDialOwn(ctx); err != nil {
			return fmt.Errorf("a listener of one's own is out of reach where dockerd lives: %w", err)
		}
		for _, address := range dockerPorts {
			found.netns.do(address, func() error { return dockerDial(ctx, "tcp "+address) })
		}
		for _, listener := range found.listens[:min(len(found.listens), dockerMaxListeners)] {
			if dockerSpeaks(ctx, dockerReachable(listener).String()) {
				found.speaks = append(found.speaks, listener)
			}
		}
		return nil
	})
}

// dockerSpeaks asks a listener like a client of Docker's and tells whether anything at all comes back. A daemon with TLS
// answers that too, if only with a complaint.
func dockerSpeaks(ctx context.Context, address string) bool {
	conn, err := (&net.Dialer{Timeout: dockerAnswerTime}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(dockerAnswerTime)); err != nil {
		return false
	}
	if _, err := io.WriteString(conn, "GET /_ping HTTP/1.0\r\n\r\n"); err != nil {
		return false
	}
	n, _ := conn.Read(make([]byte, 1))
	return n > 0
}

func (f dockerTCP) judge(tried string) Result {
	if len(f.speaks) > 0 {
		return failed(tried, "dockerd answers on TCP: %v", f.speaks)
	}
	for where, tries := range map[string]dockerTries{"in the guest": f.guest, "where dockerd lives": f.netns} {
		for _, address := range dockerPorts {
			if tries[address] == 0 {
				return failed(tried, "%s is open %s", address, where)
			}
		}
		if !tries.among(dockerPorts, unix.ECONNREFUSED) {
			return inconclusive(tried, "%s: %s", where, tries.tell(dockerPorts...))
		}
	}
	return passed(tried, "ECONNREFUSED on all; %d listeners of dockerd's, and none answers", len(f.listens))
}
