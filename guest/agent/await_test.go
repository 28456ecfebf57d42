package agent

import (
	"context"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheHostKeyIsThereAndSSHListens(t *testing.T) {
	sshd, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sshd.Close() }()
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := deaf.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key, address string
		says         string // "" for success
	}{
		"both":               {"ssh-ed25519 AAAA root@web\n", sshd.Addr().String(), ""},
		"no key":             {"", sshd.Addr().String(), "no ed25519 host key"},
		"a key of RSA":       {"ssh-rsa AAAA root@web\n", sshd.Addr().String(), "no ed25519 host key"},
		"nobody who listens": {"ssh-ed25519 AAAA root@web\n", deaf.Addr().String(), "sshd does not listen"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Agent{Root: t.TempDir(), SSH: c.address}
			if c.key != "" {
				put(t, a.Root, hostKeyFile, c.key, 0o644)
			}
			ctx := t.Context()
			if c.says != "" {
				ctx = ended(t)
			}
			wantError(t, a.awaitSSH(ctx), c.says)
		})
	}
}

func TestWhatNeedsTimeIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		works int           // at which try
		time  time.Duration // how much there is
		tries int
		says  string // "" for success
	}{
		"at once":                    {1, time.Second, 1, ""},
		"at the third try":           {3, time.Second, 3, ""},
		"not in time":                {100, time.Second, 5, "try 4"},
		"with no time, it had a try": {100, 0, 1, "try 1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.time+time.Millisecond)
				defer cancel()
				if c.time == 0 {
					cancel()
				}
				tries := 0
				err := until(ctx, func() error {
					if tries++; tries == c.works {
						return nil
					}
					if tries == 5 {
						<-ctx.Done() // a try that is cut short knows only that
						return ctx.Err()
					}
					return fmt.Errorf("try %d", tries)
				})
				if tries != c.tries || (c.says == "") != (err == nil) || err != nil && err.Error() != c.says {
					t.Errorf("after %d tries: %v; want %d and %q", tries, err, c.tries, c.says)
				}
			})
		})
	}
}
