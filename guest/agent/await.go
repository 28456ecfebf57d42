package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

const sshAddress = "127.0.0.1:22"

// awaitSSH waits for sshd and its key, without which the host could not tell this guest from another.
func (a *Agent) awaitSSH(ctx context.Context) error {
	return until(ctx, func() error {
		if !strings.HasPrefix(a.readLine(hostKeyFile), "ssh-ed25519 ") {
			return errors.New("sshd has no ed25519 host key")
		}
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", cmp.Or(a.SSH, sshAddress))
		if err != nil {
			return fmt.Errorf("sshd does not listen: %w", err)
		}
		return conn.Close()
	})
}

// until tries again, every quarter of a second, what needs time to come up. When ctx ends it returns why the last try
// failed that still had time.
func until(ctx context.Context, try func() error) error {
	var last error
	for {
		err := try()
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(250 * time.Millisecond):
		}
	}
}
