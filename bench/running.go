//go:build bench

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"holm/internal/fault"
	"holm/internal/run"
	"holm/provisioner/network"
)

// measureRunning compares the time from the first command that a person would type to a domain that libvirt calls
// running. The guest is destroyed as soon as it runs: what it does is no part of this.
func measureRunning(ctx context.Context, l *lab, rounds int) ([]row, error) {
	s, err := alternate(ctx, rounds, l.say, l.holmRunning, l.virtInstallRunning, l.bareRunning)
	if err != nil {
		return nil, err
	}
	return []row{
		against("create to running", inSeconds, s[0], "virt-install", s[1], goal{Ratio: 0.8}),
		against("create to running", inSeconds, s[0], "define + start", s[2], goal{Ratio: 1.2}),
	}, nil
}

// holmRunning times "holm create": everything from the start of the process on.
func (l *lab) holmRunning(ctx context.Context) (took float64, err error) {
	c, err := l.beginCreate(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.abandon(ctx)) }()
	return c.untilRunning(ctx)
}

// creation is a "holm create" under way.
type creation struct {
	lab   *lab
	begun time.Time
	ended chan struct{} // closed when the process has ended, with err
	err   error
	stop  context.CancelFunc
	dir   string // of the instance
}

func (l *lab) beginCreate(ctx context.Context) (*creation, error) {
	if err := l.needNetwork(ctx); err != nil {
		return nil, err
	}
	inside, stop := context.WithCancel(ctx)
	c := &creation{lab: l, ended: make(chan struct{}), stop: stop}
	cmd := exec.CommandContext(inside, l.holm, "--quiet", "create", instance) //nolint:gosec // the holm that whoever runs this has named
	cmd.Env = append(l.environment(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the terminal's Ctrl-C is for the benchmark alone
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var said strings.Builder
	cmd.Stderr = &said
	c.begun = time.Now()
	if err := cmd.Start(); err != nil {
		stop()
		return nil, err
	}
	go func() {
		defer close(c.ended)
		if c.err = cmd.Wait(); c.err != nil {
			c.err = fmt.Errorf("%w: %s", c.err, strings.TrimSpace(said.String()))
		}
	}()
	return c, nil
}

// untilRunning finds the new instance without getting in holm's way: its folder says that there is one, the record
// which domain is its own, and from then on libvirt's events tell.
func (c *creation) untilRunning(ctx context.Context) (float64, error) {
	const pause = time.Millisecond
	for {
		entries, err := os.ReadDir(filepath.Join(c.lab.state, "instances"))
		if err == nil && len(entries) == 1 {
			c.dir = filepath.Join(c.lab.state, "instances", entries[0].Name())
			break
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-c.ended:
			return 0, errors.Join(errors.New("holm create ended before its instance ran"), c.err)
		case <-time.After(pause):
		}
	}
	inst, err := c.lab.records.Instance(ctx, c.lab.plan.Tenant, instance)
	if err != nil {
		return 0, err
	}
	runs, err := c.lab.running(ctx, inst.UUID)
	if err != nil {
		return 0, err
	}
	return until(ctx, runs, c.begun)
}

// abandon interrupts the create and removes the instance. There is none left when holm had not yet heard that it runs:
// then it has undone everything itself.
func (c *creation) abandon(ctx context.Context) error {
	c.stop()
	<-c.ended
	err := c.lab.remove(ctx)
	if failed, ok := errors.AsType[*run.Error](err); ok && failed.Code == int(fault.NotFound) {
		return nil
	}
	return err
}

func (l *lab) remove(ctx context.Context) error {
	_, err := l.run(context.WithoutCancel(ctx), "rm", "--yes", instance)
	return err
}

// virtInstallRunning times what a person would type instead: the state volume, the seed, virt-install.
func (l *lab) virtInstallRunning(ctx context.Context) (took float64, err error) {
	const name = "holm-bench-virt-install"
	dir, err := l.scratch("peer")
	if err != nil {
		return 0, err
	}
	spec := l.seedSpec(nil)
	files, err := writeSeedFiles(dir, spec)
	if err != nil {
		return 0, err
	}
	if err := l.needNetwork(ctx); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.removeAll(ctx, name, dir)) }()
	runs, err := l.running(ctx, network.UUID(name))
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	if _, err := run.Command(ctx, "qemu-img", "create", "-q", "-f", "qcow2", stateDisk(dir), l.diskSize()); err != nil {
		return 0, err
	}
	if err := genisoimage(ctx, filepath.Join(dir, "seed.iso"), files); err != nil {
		return 0, err
	}
	_, err = run.Command(ctx, "virt-install", l.virtInstallArgs(name, dir)...)
	if failed, ok := errors.AsType[*run.Error](err); ok {
		// Its last line is always the same advice; why it failed stands before.
		return 0, fmt.Errorf("virt-install: %s: %w", failed.Stderr, err)
	}
	if err != nil {
		return 0, err
	}
	return until(ctx, runs, begun)
}

// bareRunning times virsh alone, with the XML that holm renders and disks that are there already: what libvirt and
// QEMU need, whoever asks them.
func (l *lab) bareRunning(ctx context.Context) (took float64, err error) {
	const name = "holm-bench-bare"
	dir, err := l.scratch("peer")
	if err != nil {
		return 0, err
	}
	if err := l.layDisks(ctx, dir, nil); err != nil {
		return 0, err
	}
	xml, err := l.domainIn(dir, name, "")
	if err != nil {
		return 0, err
	}
	file := filepath.Join(dir, "domain.xml")
	if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
		return 0, err
	}
	if err := l.needNetwork(ctx); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.removeAll(ctx, name, dir)) }()
	runs, err := l.running(ctx, network.UUID(name))
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	for _, args := range [][]string{{"define", file}, {"start", name}} {
		if _, err := run.Command(ctx, "virsh", append([]string{"-q", "-c", libvirtURI}, args...)...); err != nil {
			return 0, err
		}
	}
	return until(ctx, runs, begun)
}
