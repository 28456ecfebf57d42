package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"holm/guest/report"
)

// check tries the promises of the profile. Each waits, where its subject needs time to come up, until ctx ends.
func (a *Agent) check(ctx context.Context, inst Instance) []report.Check {
	checks := []report.Check{a.checkRoot(), a.checkHostKey(ctx)}
	if inst.Profile == ProfileDocker {
		checks = append(checks, a.checkNoRootfulDocker(), a.checkDocker(ctx, inst.User))
	}
	return checks
}

// checkRoot writes to the root file system and expects to be refused.
func (a *Agent) checkRoot() report.Check {
	c := report.Check{ID: "root-readonly"}
	var tried []string
	for _, dir := range []string{"/", "/usr", "/boot"} {
		name := a.path(dir) + "/.holm-write-test"
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			c.Found = dir + " can be written"
			if err := errors.Join(f.Close(), os.Remove(name)); err != nil {
				c.Found += ", and " + err.Error()
			}
			return c
		}
		if !errors.Is(err, unix.EROFS) {
			c.Found = err.Error()
			return c
		}
		tried = append(tried, dir+": EROFS")
	}
	c.OK, c.Found = true, "wrote to "+strings.Join(tried, ", ")
	return c
}

const sshAddress = "127.0.0.1:22"

// checkHostKey waits for sshd's key, without which the host could not tell this guest from another.
func (a *Agent) checkHostKey(ctx context.Context) report.Check {
	c := report.Check{ID: "host-key"}
	err := until(ctx, func() error {
		if !strings.HasPrefix(a.readLine(hostKeyFile), "ssh-ed25519 ") {
			return errors.New("sshd has no ed25519 host key")
		}
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", cmp.Or(a.SSH, sshAddress))
		if err != nil {
			return fmt.Errorf("sshd does not listen: %w", err)
		}
		return conn.Close()
	})
	if err != nil {
		c.Found = err.Error()
		return c
	}
	c.OK, c.Found = true, "ed25519, sshd listens"
	return c
}

// checkNoRootfulDocker expects that no Docker daemon of root's offers its socket.
func (a *Agent) checkNoRootfulDocker() report.Check {
	c := report.Check{ID: "no-rootful-docker"}
	if a.exists("/run/docker.sock") {
		c.Found = "/run/docker.sock is there"
		return c
	}
	c.OK, c.Found = true, "no /run/docker.sock"
	return c
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
