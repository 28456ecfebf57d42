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
	a.Tried, a.Answered = len(o.Connect), knock(ctx, o.Connect)
	a.Frames, a.Seen = w.Frames(), map[uint64]uint64{}
	for _, attack := range o.Seen {
		a.Seen[attack] = w.Seen(attack, In)
	}
	return a
}

// knock connects to all at once, and returns those behind which there is somebody, whether they let in or not.
func knock(ctx context.Context, doors []netip.AddrPort) []netip.AddrPort {
	var (
		mu       sync.Mutex
		answered []netip.AddrPort
		knocking sync.WaitGroup
	)
	for _, door := range doors {
		knocking.Go(func() {
			conn, err := (&net.Dialer{Timeout: silentAfter}).DialContext(ctx, "tcp", door.String())
			if err == nil {
				_ = conn.Close()
			} else if !errors.Is(err, syscall.ECONNREFUSED) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			answered = append(answered, door)
		})
	}
	knocking.Wait()
	return answered
}
