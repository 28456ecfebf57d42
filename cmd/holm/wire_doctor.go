package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/pool"
	"holm/provisioner/doctor"
	"holm/provisioner/environment"
	"holm/provisioner/hypervisor/libvirt"
	"holm/provisioner/memory"
	"holm/provisioner/model"
	"holm/storage/records"
)

// totalMemory is what this host has, in MiB.
func totalMemory() (int, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 0, err
	}
	return int(info.Totalram * uint64(info.Unit) >> 20), nil // #nosec G115 -- no machine has 8 ZiB
}

// memoryInfo is what is promised of it. A state directory without a database has promised nothing.
func memoryInfo(ctx context.Context, s cli.Settings) (doctor.MemoryInfo, error) {
	total, err := totalMemory()
	if err != nil {
		return doctor.MemoryInfo{}, err
	}
	if _, err := os.Stat(database(s)); errors.Is(err, fs.ErrNotExist) {
		return doctor.MemoryInfo{Host: memory.Host{Total: total}}, nil
	}
	store := records.Open(database(s))
	set, err := store.Host(ctx)
	if err != nil {
		return doctor.MemoryInfo{}, err
	}
	all, err := store.Instances(ctx)
	return doctor.MemoryInfo{Host: memory.Of(set, total), Promised: memory.Promised(all), Instances: len(all)}, err
}

func examineHost(ctx context.Context, s cli.Settings) doctor.Report {
	return doctor.Run(ctx, doctorOptions(ctx, s))
}

func mendHost(ctx context.Context, s cli.Settings, id string) (doctor.Result, error) {
	return doctor.Fix(ctx, doctorOptions(ctx, s), id)
}

// doctorOptions takes a database that cannot be read for a host on which nothing is set: doctor itself reports what
// is wrong with the state directory.
func doctorOptions(ctx context.Context, s cli.Settings) doctor.Options {
	o := doctor.Options{StateDir: s.State, Connect: s.Connect}
	host, err := records.Open(database(s)).Host(ctx)
	o.Lab, o.Users = err == nil && host.LabMode, host.Users
	if where, err := hostNetwork(host); err == nil {
		o.Subnet, o.Bridge = where.Subnet, where.Bridge
	}
	o.Names = func() (environment.InForce, environment.Resolver) {
		found := hostResolver()
		return environment.Merge(model.Environment{}, model.Environment{}, host.Environment, found, true), found
	}
	o.Pools = func(ctx context.Context) ([]doctor.PoolInfo, error) { return poolInfos(ctx, s) }
	o.Memory = func(ctx context.Context) (doctor.MemoryInfo, error) { return memoryInfo(ctx, s) }
	o.Audit = func(ctx context.Context) (uint64, error) {
		from, end, err := records.Open(database(s)).AuditEnds(ctx)
		return end.Seq - from.Seq, err
	}
	o.Libvirt = func(ctx context.Context) (info doctor.LibvirtInfo, err error) {
		h, err := libvirt.Connect(ctx, s.Connect)
		if err != nil {
			return info, err
		}
		defer func() { err = errors.Join(err, h.Close()) }()
		got, err := h.Info(ctx)
		return doctor.LibvirtInfo{
			LibvirtVersion: got.LibvirtVersion, QEMUVersion: got.QEMUVersion, SecurityModels: got.SecurityModels,
		}, err
	}
	return o
}

// poolInfos looks at the pools of a state directory. One without a database has none.
func poolInfos(ctx context.Context, s cli.Settings) ([]doctor.PoolInfo, error) {
	if _, err := os.Stat(database(s)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	p, err := newProvisioner(ctx, s)
	if err != nil {
		return nil, err
	}
	views, err := p.Pools.List(ctx)
	infos := make([]doctor.PoolInfo, len(views))
	for i, v := range views {
		infos[i] = doctor.PoolInfo{Name: v.Name, Status: v.Health.Status, Why: v.Health.Why, On: pool.DrivesUnder(v), Warnings: v.Warnings}
	}
	return infos, err
}
