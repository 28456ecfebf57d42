package world

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"holm/internal/fault"
	"holm/internal/lock"
)

// Where a world lies. The cache outlives it: programs that hack/deps has unpacked, and container images.
const (
	stateDir = "/var/lib/holm-world"
	cacheDir = "/var/cache/holm-world"
)

// World is a world that is up.
type World struct {
	CA []byte // the certificate, in PEM, of the authority that the registry's certificate comes from

	dir     string // of its servers' files: gone when it is
	held    *lock.Lock
	servers *place
	client  *place
	running []*server
	web     *http.Server
	silent  []interface{ Close() error }
}

// Up makes the world, and removes first what a killed one has left. It needs root. Down has to be called, also when ctx
// has ended. It fails with fault.Busy when another process has a world on this host, and with fault.Unfit where a program
// is missing.
func Up(ctx context.Context) (*World, error) {
	if os.Geteuid() != 0 {
		return nil, fault.New(fault.Unfit, "run it as root", "making network namespaces needs root")
	}
	if err := os.MkdirAll(stateDir, 0o755); err != nil { //nolint:gosec // its servers run as nobody
		return nil, err
	}
	held, err := lock.Try(filepath.Join(stateDir, "lock"))
	if errors.Is(err, lock.ErrHeld) {
		return nil, fault.New(fault.Busy, "end the other one: hack/world down, or wait for the test", "another world %w", err)
	} else if err != nil {
		return nil, err
	}
	w := &World{held: held, dir: filepath.Join(stateDir, "run")}
	if err := w.make(ctx); err != nil {
		return nil, errors.Join(err, w.Down(context.WithoutCancel(ctx)))
	}
	return w, nil
}

func (w *World) make(ctx context.Context) error {
	if err := sweep(ctx, w.dir); err != nil {
		return fmt.Errorf("remove what an earlier world left: %w", err)
	}
	if err := os.Mkdir(w.dir, 0o755); err != nil { //nolint:gosec // its servers run as nobody
		return err
	}
	if err := lay(ctx); err != nil {
		return err
	}
	resolver := filepath.Join(w.dir, "resolv.conf")
	text := "nameserver " + NamesIPv4 + "\nnameserver " + NamesIPv6 + "\nsearch " + Domain + "\n"
	if err := os.WriteFile(resolver, []byte(text), 0o644); err != nil { //nolint:gosec // read by nobody
		return err
	}
	var err error
	if w.servers, err = enter(serversSpace, resolver); err != nil {
		return err
	}
	if w.client, err = enter(clientSpace, resolver); err != nil {
		return err
	}
	for _, start := range []func(context.Context) error{w.serveWeb, w.startNames, w.startRegistry, w.startClock, w.startProxy} {
		if err := start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Outside runs a command on the client, a machine outside, and returns what it printed. The world's names resolve there.
func (w *World) Outside(ctx context.Context, name string, args ...string) (string, error) {
	return w.client.run(ctx, name, args...)
}

// Inside runs a command on the machine of the servers.
func (w *World) Inside(ctx context.Context, name string, args ...string) (string, error) {
	return w.servers.run(ctx, name, args...)
}

// Log returns what a server has said so far: "names", "registry", "clock" or "proxy".
func (w *World) Log(server string) (string, error) {
	text, err := os.ReadFile(filepath.Join(w.dir, filepath.Base(server)+".log"))
	return string(text), err
}

// Down ends the servers and removes the world. Calling it again does nothing.
func (w *World) Down(ctx context.Context) error {
	if w.held == nil {
		return nil
	}
	var errs []error
	if w.web != nil {
		errs = append(errs, w.web.Close())
	}
	for _, s := range w.silent {
		errs = append(errs, s.Close())
	}
	for _, s := range w.running {
		s.end()
	}
	for _, p := range []*place{w.servers, w.client} {
		if p != nil {
			p.leave()
		}
	}
	errs = append(errs, sweep(ctx, w.dir), w.held.Release())
	w.held = nil
	return errors.Join(errs...)
}
