package clitest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/storage/arrays"
	drives "holm/storage/pools"
)

// PoolNamed is a pool of four drives, as a look finds it.
func PoolNamed(name string, status model.PoolStatus, why string) pools.View {
	tree := drives.Tree{
		Path: "/srv/" + name, FSType: "xfs", FSUUID: "6ba7b810-9dad-11d1-80b4-00c04fd430c8", CapacityBytes: 100 << 30, FreeBytes: 75 << 30,
		Top: drives.Device{Name: "md0", Kind: drives.Raid, Level: "raid10", SizeBytes: 100 << 30},
	}
	for n := range 4 {
		tree.Top.Members = append(tree.Top.Members, drives.Device{
			Name: fmt.Sprintf("nvme%dn1", n), Kind: drives.Drive, Role: "in_sync", Transport: "nvme", SizeBytes: 50 << 30, Serial: fmt.Sprintf("S%d", n),
		})
	}
	if status == model.PoolDegraded {
		tree.Top.Missing, tree.Top.Members = 1, tree.Top.Members[:3]
	}
	return pools.View{
		Pool: model.Pool{
			Name: name, Path: tree.Path, Backend: "qcow2", FSType: tree.FSType, FSUUID: tree.FSUUID, Require: []string{"nvme", "raid10"}, Overcommit: 1,
			Health:       model.PoolHealth{Status: status, Why: why, Since: Now.Add(-5 * time.Minute)},
			PromisedPeak: 60 << 30, UsedPeak: 30 << 30, Added: Now.Add(-time.Hour),
		},
		CapacityBytes: tree.CapacityBytes, FreeBytes: tree.FreeBytes, UsedBytes: 25 << 30, PromisedBytes: 40 << 30, Instances: 2, Tree: &tree,
	}
}

// Pools is the world as the verbs about pools see it.
type Pools struct{ *World }

func (w Pools) Plan(_ context.Context, spec pools.Spec) (pools.View, error) {
	w.Asked = spec
	v := PoolNamed(spec.Name, model.PoolHealthy, "")
	v.Instances, v.PromisedBytes, v.PromisedPeak = 0, 0, 0
	return v, w.FailWith
}

func (w Pools) Add(ctx context.Context, spec pools.Spec) (pools.View, error) {
	w.Calls = append(w.Calls, "add pool "+spec.Name)
	v, err := w.Plan(ctx, spec)
	w.Pools = append(w.Pools, v)
	return v, err
}

func (w Pools) Make(ctx context.Context, spec pools.Spec, build func(context.Context) error) (pools.View, error) {
	w.Calls = append(w.Calls, "hold pools")
	defer func() { w.Calls = append(w.Calls, "let pools go") }()
	if err := build(ctx); err != nil {
		return pools.View{}, err
	}
	return w.Add(ctx, spec)
}

func (w Pools) List(_ context.Context, names ...string) ([]pools.View, error) {
	var found []pools.View
	for _, name := range names {
		if !slices.ContainsFunc(w.Pools, func(v pools.View) bool { return v.Name == name }) {
			return nil, fault.New(fault.NotFound, "see what there is: holm pool ls", "there is no pool %q", name)
		}
	}
	for _, v := range w.Pools {
		if len(names) == 0 || slices.Contains(names, v.Name) {
			found = append(found, v)
		}
	}
	return found, w.FailWith
}

func (w Pools) Names(context.Context) ([]string, error) {
	var names []string
	for _, v := range w.Pools {
		names = append(names, v.Name)
	}
	return names, w.FailWith
}

func (w Pools) Remove(_ context.Context, name string) error {
	w.Calls = append(w.Calls, "remove pool "+name)
	return w.FailWith
}

func (w Pools) Acknowledge(_ context.Context, shown []pools.View) error {
	w.Calls = append(w.Calls, fmt.Sprintf("told of %d pools", len(shown)))
	return nil
}

func (w Walls) KeepWalls(context.Context) ([]networks.Rebuilt, error) {
	w.Kept++
	return w.Rebuilt, w.FailWith
}

func (w Walls) BrokenWalls(context.Context) ([]networks.Rebuilt, error) {
	return w.Rebuilt, w.FailWith
}

func (w HostWide) Reconcile(context.Context) ([]operations.Ended, error) {
	w.Calls = append(w.Calls, "reconcile")
	return w.World.Drifted, w.FailWith
}

func (w HostWide) Drifted(context.Context) ([]operations.Ended, error) {
	return w.World.Drifted, w.FailWith
}

func (w HostWide) Stalled(context.Context) ([]instances.Paused, error) { return w.Paused, w.FailWith }

func (w HostWide) Unstall(context.Context) ([]instances.Paused, error) { return w.Paused, w.FailWith }

func (w HostWide) StartAll(ctx context.Context, o operations.Observer) ([]instances.Started, error) {
	off, err := w.Interrupted(ctx)
	var all []instances.Started
	for _, inst := range off {
		started, err := Instances(w).Start(ctx, inst.Tenant, inst.Name, o)
		all = append(all, instances.Started{Instance: started, Err: err})
	}
	return all, err
}

func (w HostWide) Interrupted(context.Context) ([]model.Instance, error) {
	var off []model.Instance
	for _, v := range w.Instances {
		if v.DomainState == hypervisor.Off && v.State != model.Stopped {
			off = append(off, v.Instance)
		}
	}
	return off, w.FailWith
}

func (w HostWide) ParkAll(ctx context.Context, o operations.Observer) ([]instances.Started, error) {
	running, err := w.Running(ctx)
	var all []instances.Started
	for _, inst := range running {
		all = append(all, instances.Started{Instance: inst, Err: Instances(w).Stop(ctx, inst.Tenant, inst.Name, false, o)})
	}
	return all, err
}

func (w HostWide) Running(context.Context) ([]model.Instance, error) {
	var all []model.Instance
	for _, v := range w.Instances {
		if v.DomainState == hypervisor.Running {
			all = append(all, v.Instance)
		}
	}
	return all, w.FailWith
}

func (w Instances) Resize(ctx context.Context, tenant, name string, gib int, o operations.Observer) (model.Instance, error) {
	return w.change(ctx, fmt.Sprintf("resize to %d", gib), tenant, name, o, hypervisor.Running, "ready")
}

func (w Instances) GiveUp(ctx context.Context, tenant, name string, o operations.Observer) error {
	w.Calls = append(w.Calls, "give up the volume of "+name)
	return w.Remove(ctx, tenant, name, o)
}

// Arrays makes arrays of drives by saying that it does.
type Arrays struct{ *World }

func (a Arrays) Plan(_ context.Context, s arrays.Spec) (arrays.Plan, error) {
	p, model := arrays.Plan{Spec: s}, "Fast\x1b[2J"
	if a.NewDrives && slices.Contains(a.Calls, "hold pools") {
		model = "Other"
	}
	for _, path := range s.Drives {
		if path == "/dev/full" {
			return p, fault.New(fault.Refused, "wipefs --all /dev/full", "/dev/full holds a signature of \"ext4\"")
		}
		p.Drives = append(p.Drives, arrays.Drive{Name: strings.TrimPrefix(path, "/dev/"), Path: path, SizeBytes: 1 << 40, Model: model})
	}
	return p, a.FailWith
}

func (a Arrays) Make(_ context.Context, p arrays.Plan, progress func(step string)) error {
	a.Calls = append(a.Calls, "make array "+p.Name+" "+p.Level)
	progress("make it")
	progress("mount it")
	return a.ArrayOK
}
