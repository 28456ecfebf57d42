package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// What the seed asks of the kernel.
const (
	modulesFile  = "/etc/holm/modules.json"
	settingsFile = "/etc/sysctl.d/90-holm.conf"
	firewallFile = "/etc/holm/firewall.json"
)

// maxFile is the longest of these files that is read, in bytes.
const maxFile = 1 << 20

// apply gives the kernel what the seed asks of it, at each boot. Settings come after the modules to which some belong.
func (a *Agent) apply(ctx context.Context) error {
	var firewall error
	var beside sync.WaitGroup
	beside.Go(func() { firewall = a.loadFirewall(ctx) })
	err := a.loadModules(ctx)
	if err == nil {
		err = a.applySettings()
	}
	beside.Wait()
	return errors.Join(err, firewall)
}

// loadFirewall replaces the kernel's rules in one transaction: either all hold or none.
func (a *Agent) loadFirewall(ctx context.Context) error {
	if _, err := a.seeded(firewallFile); err != nil {
		return err
	}
	if err := a.run(ctx, "/usr/sbin/nft", "-j", "-f", a.path(firewallFile)); err != nil {
		return fmt.Errorf("%s: %w", firewallFile, err)
	}
	return nil
}

// seeded reads a file that the first boot has written because of the seed.
func (a *Agent) seeded(path string) ([]byte, error) {
	f, err := os.Open(a.path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there: the seed of this instance is older than its image, create the instance anew", path)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(content) > maxFile:
		return nil, fmt.Errorf("%s is longer than %d KiB", path, maxFile>>10)
	}
	return content, nil
}

// run runs a program of the image's to its end; the error repeats the first thing that it said.
func (a *Agent) run(ctx context.Context, program string, args ...string) error {
	return a.runWith(ctx, nil, program, args...)
}

// runWith is run for a program that reads stdin.
func (a *Agent) runWith(ctx context.Context, stdin []byte, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, a.path(program), args...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	said, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return fmt.Errorf("%s: %w: %s", program, err, said)
}
