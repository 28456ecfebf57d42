//go:build bench

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"holm/cloudinit"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/network"
	"holm/storage/volumes"
)

// peerID names the volume of a peer: holm's own ids are random.
const peerID = "0123456789ab"

// stateDisk is where layDisks lays it.
func stateDisk(dir string) string { return filepath.Join(dir, peerID+".qcow2") }

// domainIn renders the domain of a peer, whose files lie in dir, just as holm renders the planned instance's.
func (l *lab) domainIn(dir, name, moreArgs string) (string, error) {
	return machine.Domain(l.specIn(dir, name, moreArgs))
}

// domainWith renders a domain that is only read, for its state disk.
func (l *lab) domainWith(disk machine.Disk) (string, error) {
	spec := l.specIn(l.state, "holm-bench-bare", "")
	spec.StateDisk = disk
	return machine.Domain(spec)
}

func (l *lab) specIn(dir, name, moreArgs string) machine.Spec {
	return machine.Spec{
		Name: name, UUID: network.UUID(name), InstanceID: peerID, Tenant: l.plan.Tenant,
		Accel: l.plan.Accel, Machine: l.plan.Machine, VCPUs: l.plan.Flavor.VCPUs, MemoryMiB: l.plan.Flavor.MemoryMiB,
		Kernel: l.store.Path(l.image, l.image.Kernel), Initrd: l.store.Path(l.image, l.image.Initrd),
		Cmdline:  l.image.Cmdline() + moreArgs,
		RootDisk: l.store.Path(l.image, l.image.Root), StateDisk: machine.Disk{Path: stateDisk(dir), Format: machine.Qcow2},
		Seed:    filepath.Join(dir, "seed.iso"),
		Network: l.plan.Network, Filter: l.filter, MAC: l.plan.MAC, Address: l.plan.Address, Address6: l.plan.Address6,
		ConsoleLog: filepath.Join(dir, "console.log"),
	}
}

// layDisks makes the disks of a peer with holm's own means.
func (l *lab) layDisks(ctx context.Context, dir string, modules *cloudinit.Modules) error {
	spec := l.seedSpec(modules)
	seed, err := cloudinit.Render(spec)
	if err != nil {
		return err
	}
	if _, _, err := seed.WriteFile(filepath.Join(dir, "seed.iso")); err != nil {
		return err
	}
	disks, err := volumes.Open(volumes.Qcow2, dir)
	if err != nil {
		return err
	}
	return disks.Create(ctx, peerID, l.plan.Flavor.DiskGiB, nil)
}

// running returns a channel that tells when libvirt first says that the domain runs. All legs are stopped by it.
func (l *lab) running(ctx context.Context, uuid string) (<-chan time.Time, error) {
	events, err := l.host.Watch(ctx, uuid)
	if err != nil {
		return nil, err
	}
	runs := make(chan time.Time, 1)
	go func() {
		defer close(runs)
		for e := range events {
			if e.State == hypervisor.Running {
				runs <- time.Now()
				return
			}
		}
	}()
	return runs, nil
}

// until waits for the moment that running tells, and returns how long after begun that was.
func until(ctx context.Context, runs <-chan time.Time, begun time.Time) (float64, error) {
	const patience = time.Minute
	select {
	case at, ok := <-runs:
		if !ok {
			return 0, errors.New("the connection to libvirt was lost")
		}
		return at.Sub(begun).Seconds(), nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(patience):
		return 0, fmt.Errorf("the domain does not run after %s", patience)
	}
}

// allocated is what a folder takes on disk with everything in it, itself included.
func allocated(dir string) (float64, error) {
	const block = 512 // the unit of st_blocks
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a temporary file that was renamed meanwhile
		}
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			sum += stat.Blocks * block
		}
		return nil
	})
	return float64(sum), err
}

// removeAll removes a peer: its domain and its folder.
func (l *lab) removeAll(ctx context.Context, name, dir string) error {
	return errors.Join(l.drop(context.WithoutCancel(ctx), name), os.RemoveAll(dir))
}
