//go:build bench

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holm/e2e/world"
)

// dayGuest is the instance that the parts network, names, docker, pull and copy share; they use it as a person would, in a
// world.
const dayGuest = "bench-day"

// Its ports, published both: of a program, and of the same one in a container.
const (
	barePort      = "7001"
	containerPort = "7002"
	worldPort     = "7000" // of the same program, on the world's web server
)

// served is the image that the world's registry has of bench/wire, and large the same with 100 MB more.
const (
	served  = world.RegistryName + "/bench/wire:1"
	large   = world.RegistryName + "/bench/large:1"
	largeMB = 100
)

// day is that instance, in its world.
type day struct {
	*lab
	world *world.World
	dir   string // of files that are needed as long as it is
	stop  context.CancelFunc
	ended []chan error // of what serves in the background
}

// needDay makes them when the first part asks. close removes them.
func (l *lab) needDay(ctx context.Context) (*day, error) {
	if l.day != nil {
		return l.day, nil
	}
	l.say("  a world, and an instance in it")
	w, err := world.Up(ctx)
	if err != nil {
		return nil, err
	}
	inside, stop := context.WithCancel(ctx)
	l.day = &day{lab: l, world: w, stop: stop}
	if l.day.dir, err = l.scratch("day"); err != nil {
		return nil, err
	}
	return l.day, l.day.begin(ctx, inside)
}

func (d *day) begin(ctx, inside context.Context) error {
	ca := filepath.Join(d.dir, "ca.pem")
	if err := os.WriteFile(ca, d.world.CA, 0o600); err != nil {
		return err
	}
	for tag, more := range map[string]int64{served: 0, large: largeMB * 1e6} {
		if err := d.world.PushProgram(ctx, tag, d.wire(), more, d.dir); err != nil {
			return fmt.Errorf("push %s: %w", tag, err)
		}
	}
	for _, args := range [][]string{
		{"host", "set", "--nameserver", world.NamesIPv4, "--search", world.Domain, "--ca-certificate", ca},
		{"create", dayGuest, "--profile", "docker"},
		{"cp", d.wire(), dayGuest + ":"},
		{"expose", dayGuest, barePort, containerPort},
	} {
		if _, err := d.run(ctx, args...); err != nil {
			return err
		}
	}
	if _, err := d.sh(ctx, "docker run -d --name served -p "+containerPort+":7000 "+served+" serve :7000"); err != nil {
		return err
	}
	d.background(func() error {
		_, err := d.run(inside, "exec", "-n", dayGuest, "--", "./wire", "serve", ":"+barePort)
		return err
	})
	d.background(func() error {
		_, err := d.world.Inside(inside, d.wire(), "serve", net.JoinHostPort(world.WebIPv4, worldPort))
		return err
	})
	for _, port := range []string{barePort, containerPort} {
		if err := d.answers(ctx, port); err != nil {
			return err
		}
	}
	return nil
}

// background runs what ends with the day.
func (d *day) background(serve func() error) {
	ended := make(chan error, 1)
	go func() { ended <- serve() }()
	d.ended = append(d.ended, ended)
}

// end takes the world down. The instance is removed with all others.
func (d *day) end(ctx context.Context) error {
	d.stop()
	for _, ended := range d.ended {
		<-ended //nolint:errcheck // being told to stop is how they end
	}
	return d.world.Down(ctx)
}

// wire is bench/wire, which hack/bench has built beside holm.
func (l *lab) wire() string { return filepath.Join(filepath.Dir(l.holm), "wire") }

// sh runs a line in a shell of the instance's.
func (d *day) sh(ctx context.Context, line string) (string, error) {
	out, err := d.run(ctx, "exec", "-n", dayGuest, "--", "sh", "-c", line)
	return strings.TrimSpace(string(out)), err
}

// outside measures from the machine outside.
func (d *day) outside(ctx context.Context, args ...string) (string, error) {
	out, err := d.world.Outside(ctx, d.wire(), args...)
	return strings.TrimSpace(out), err
}

// answers waits until a published port is answered by more than a forwarder whose container is not there yet.
func (d *day) answers(ctx context.Context, port string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		who, err := d.outside(ctx, "who", net.JoinHostPort(world.HostIPv4, port))
		if err == nil && who != "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("port %s does not answer", port), err)
		case <-time.After(time.Second): // nobody tells when a container listens
		}
	}
}
