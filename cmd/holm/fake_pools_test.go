package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/storage/arrays"
	"holm/storage/pools"
)

// poolNamed is a pool of four drives, as a look finds it.
func poolNamed(name string, status model.PoolStatus, why string) provisioner.PoolView {
	tree := pools.Tree{
		Path: "/srv/" + name, FSType: "xfs", FSUUID: "6ba7b810-9dad-11d1-80b4-00c04fd430c8", CapacityBytes: 100 << 30, FreeBytes: 75 << 30,
		Top: pools.Device{Name: "md0", Kind: pools.Raid, Level: "raid10", SizeBytes: 100 << 30},
	}
	for n := range 4 {
		tree.Top.Members = append(tree.Top.Members, pools.Device{
			Name: fmt.Sprintf("nvme%dn1", n), Kind: pools.Drive, Role: "in_sync", Transport: "nvme", SizeBytes: 50 << 30, Serial: fmt.Sprintf("S%d", n),
		})
	}
	if status == model.PoolDegraded {
		tree.Top.Missing, tree.Top.Members = 1, tree.Top.Members[:3]
	}
	return provisioner.PoolView{
		Pool: model.Pool{
			Name: name, Path: tree.Path, Backend: "qcow2", FSType: tree.FSType, FSUUID: tree.FSUUID, Require: []string{"nvme", "raid10"}, Overcommit: 1,
			Health:       model.PoolHealth{Status: status, Why: why, Since: now.Add(-5 * time.Minute)},
			PromisedPeak: 60 << 30, UsedPeak: 30 << 30, Added: now.Add(-time.Hour),
		},
		CapacityBytes: tree.CapacityBytes, FreeBytes: tree.FreeBytes, UsedBytes: 25 << 30, PromisedBytes: 40 << 30, Instances: 2, Tree: &tree,
	}
}

func (w *world) PlanPool(_ context.Context, spec provisioner.PoolSpec) (provisioner.PoolView, error) {
	w.asked = spec
	v := poolNamed(spec.Name, model.PoolHealthy, "")
	v.Instances, v.PromisedBytes, v.PromisedPeak = 0, 0, 0
	return v, w.failWith
}

func (w *world) AddPool(ctx context.Context, spec provisioner.PoolSpec) (provisioner.PoolView, error) {
	w.calls = append(w.calls, "add pool "+spec.Name)
	v, err := w.PlanPool(ctx, spec)
	w.pools = append(w.pools, v)
	return v, err
}

func (w *world) MakePool(ctx context.Context, spec provisioner.PoolSpec, build func(context.Context) error) (provisioner.PoolView, error) {
	w.calls = append(w.calls, "hold pools")
	defer func() { w.calls = append(w.calls, "let pools go") }()
	if err := build(ctx); err != nil {
		return provisioner.PoolView{}, err
	}
	return w.AddPool(ctx, spec)
}

func (w *world) Pools(_ context.Context, names ...string) ([]provisioner.PoolView, error) {
	var found []provisioner.PoolView
	for _, name := range names {
		if !slices.ContainsFunc(w.pools, func(v provisioner.PoolView) bool { return v.Name == name }) {
			return nil, fault.New(fault.NotFound, "see what there is: holm pool ls", "there is no pool %q", name)
		}
	}
	for _, v := range w.pools {
		if len(names) == 0 || slices.Contains(names, v.Name) {
			found = append(found, v)
		}
	}
	return found, w.failWith
}

func (w *world) PoolNames(context.Context) ([]string, error) {
	var names []string
	for _, v := range w.pools {
		names = append(names, v.Name)
	}
	return names, w.failWith
}

func (w *world) RemovePool(_ context.Context, name string) error {
	w.calls = append(w.calls, "remove pool "+name)
	return w.failWith
}

func (w *world) Told(_ context.Context, shown []provisioner.PoolView) error {
	w.calls = append(w.calls, fmt.Sprintf("told of %d pools", len(shown)))
	return nil
}

func (w *world) KeepWalls(context.Context) ([]provisioner.Rebuilt, error) {
	w.kept++
	return w.rebuilt, w.failWith
}

func (w *world) Reconcile(context.Context) ([]provisioner.Ended, error) { return nil, w.failWith }

func (w *world) Unstall(context.Context) ([]provisioner.Paused, error) { return w.paused, w.failWith }

func (w *world) StartAll(ctx context.Context, o provisioner.Observer) ([]provisioner.Started, error) {
	off, err := w.Interrupted(ctx)
	var all []provisioner.Started
	for _, inst := range off {
		started, err := w.Start(ctx, inst.Tenant, inst.Name, o)
		all = append(all, provisioner.Started{Instance: started, Err: err})
	}
	return all, err
}

func (w *world) Interrupted(context.Context) ([]model.Instance, error) {
	var off []model.Instance
	for _, v := range w.instances {
		if v.DomainState == hypervisor.Off && v.State != model.Stopped {
			off = append(off, v.Instance)
		}
	}
	return off, w.failWith
}

func (w *world) ParkAll(ctx context.Context, o provisioner.Observer) ([]provisioner.Started, error) {
	running, err := w.Running(ctx)
	var all []provisioner.Started
	for _, inst := range running {
		all = append(all, provisioner.Started{Instance: inst, Err: w.Stop(ctx, inst.Tenant, inst.Name, false, o)})
	}
	return all, err
}

func (w *world) Running(context.Context) ([]model.Instance, error) {
	var all []model.Instance
	for _, v := range w.instances {
		if v.DomainState == hypervisor.Running {
			all = append(all, v.Instance)
		}
	}
	return all, w.failWith
}

func (w *world) Resize(ctx context.Context, tenant, name string, gib int, o provisioner.Observer) (model.Instance, error) {
	return w.change(ctx, fmt.Sprintf("resize to %d", gib), tenant, name, o, hypervisor.Running, "ready")
}

func (w *world) GiveUp(ctx context.Context, tenant, name string, o provisioner.Observer) error {
	w.calls = append(w.calls, "give up the volume of "+name)
	return w.Remove(ctx, tenant, name, o)
}

// arrayWorld makes arrays of drives by saying that it does.
type arrayWorld struct{ w *world }

func (a arrayWorld) Plan(_ context.Context, s arrays.Spec) (arrays.Plan, error) {
	p, model := arrays.Plan{Spec: s}, "Fast\x1b[2J"
	if a.w.newDrives && slices.Contains(a.w.calls, "hold pools") {
		model = "Other"
	}
	for _, path := range s.Drives {
		if path == "/dev/full" {
			return p, fault.New(fault.Refused, "wipefs --all /dev/full", "/dev/full holds a signature of \"ext4\"")
		}
		p.Drives = append(p.Drives, arrays.Drive{Name: strings.TrimPrefix(path, "/dev/"), Path: path, SizeBytes: 1 << 40, Model: model})
	}
	return p, a.w.failWith
}

func (a arrayWorld) Make(_ context.Context, p arrays.Plan, progress func(step string)) error {
	a.w.calls = append(a.w.calls, "make array "+p.Name+" "+p.Level)
	progress("make it")
	progress("mount it")
	return a.w.arrayOK
}
