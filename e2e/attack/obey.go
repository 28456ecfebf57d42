package attack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

const (
	maxOrder = 8 << 20
	// silentAfter is how long a port may leave a connection without an answer.
	silentAfter = 2 * time.Second
)

// Obey carries out the orders that it reads and writes an answer to each. It counts what comes in meanwhile.
func Obey(ctx context.Context, wire *Wire, orders io.Reader, answers io.Writer) error {
	lines := bufio.NewScanner(orders)
	lines.Buffer(nil, maxOrder)
	out := json.NewEncoder(answers)
	for lines.Scan() {
		var o Order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("read an order: %w", err)
		}
		if err := out.Encode(wire.obey(ctx, o)); err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
	}
	return lines.Err()
}

func (w *Wire) obey(ctx context.Context, o Order) Answer {
	var a Answer
	for range o.Rounds {
		for _, frame := range o.Frames {
			if err := w.Send(frame); err != nil {
				a.Error = err.Error()
				return a
			}
			a.Sent++
		}
	}
	a.Tried = len(o.Connect)
	a.Opened, a.Refused = knock(ctx, o.Connect)
	a.Frames, a.Seen = w.Frames(), map[uint64]uint64{}
	for _, attack := range o.Seen {
		a.Seen[attack] = w.Seen(attack, In)
	}
	return a
}

// knock connects to all at once, and tells who let in and who sent away. The others left it without an answer.
func knock(ctx context.Context, doors []netip.AddrPort) (opened, refused []netip.AddrPort) {
	var (
		mu       sync.Mutex
		knocking sync.WaitGroup
	)
	for _, door := range doors {
		knocking.Go(func() {
			conn, err := (&net.Dialer{Timeout: silentAfter}).DialContext(ctx, "tcp", door.String())
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				_ = conn.Close()
				opened = append(opened, door)
			case errors.Is(err, syscall.ECONNREFUSED):
				refused = append(refused, door)
			}
		})
	}
	knocking.Wait()
	return opened, refused
}
