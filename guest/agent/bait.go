package agent

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// bait is a port that is open on all of the guest's addresses: were it not for the firewall, anybody could reach it.
type bait struct {
	listener net.Listener
	greeting sync.WaitGroup
}

// openBait listens on a port that the kernel picks, above 1024. Who gets through is hung up on.
func openBait(ctx context.Context) (*bait, error) {
	// All addresses is what the firewall has to be tried with.
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", ":0")
	if err != nil {
		return nil, fmt.Errorf("open a port for the host to try: %w", err)
	}
	b := &bait{listener: listener}
	b.greeting.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	})
	return b, nil
}

func (b *bait) port() int {
	address, ok := b.listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0
	}
	return address.Port
}

// close returns when nobody listens any more.
func (b *bait) close() {
	_ = b.listener.Close()
	b.greeting.Wait()
}
