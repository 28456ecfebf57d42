package agent

import (
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"time"
)

// answersWithin is how long a name server may take before it is remarked that none answers. Nobody waits for it: what has
// to come up meanwhile takes longer.
const answersWithin = time.Second

// askNameservers asks all that the host told whether they are there, and returns a remark when there are some and none
// answers. An instance is no less ready for that.
func (a *Agent) askNameservers(ctx context.Context) <-chan string {
	said := make(chan string, 1)
	a.told.mu.Lock()
	e := a.told.environment
	a.told.mu.Unlock()
	if e == nil || len(e.Nameservers) == 0 {
		said <- ""
		return said
	}
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	answers := make(chan bool, len(e.Nameservers))
	for _, server := range e.Nameservers {
		go func() { answers <- answersNames(ctx, netip.AddrPortFrom(server, 53)) }()
	}
	go func() {
		defer cancel()
		for range e.Nameservers {
			if <-answers {
				said <- ""
				return
			}
		}
		said <- "no name server answers"
	}()
	return said
}

// answersNames asks for the root's name servers, which every resolver knows. Any answer will do.
func answersNames(ctx context.Context, server netip.AddrPort) bool {
	var id [2]byte
	_, _ = rand.Read(id[:]) // never fails
	// RFC 1035: an id, "recursion desired", one question; the root, type NS, class IN.
	packet := append(id[:], 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1)
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", server.String())
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	answer := make([]byte, 1232)
	for ctx.Err() == nil {
		if _, err := conn.Write(packet); err != nil {
			return false
		}
		_ = conn.SetReadDeadline(time.Now().Add(answersWithin / 2))
		if n, err := conn.Read(answer); err == nil && n >= 2 && [2]byte(answer) == id {
			return true
		}
	}
	return false
}
