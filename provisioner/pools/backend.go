package pools

import (
	"context"
	"errors"
	"path/filepath"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/storage/pools"
	"holm/storage/records"
	"holm/storage/volumes"
)

// volumeFolder is the folder of a pool's file system in which its volumes lie. It is made when the pool is added and
// never again: what is not mounted has no such folder, and so nothing is written to the disk below.
const volumeFolder = "holm"

// Disks is where the state volumes of the instances of a pool lie; pool "" is the state directory.
func (svc *Service) Disks(ctx context.Context, pool string) (volumes.Backend, error) {
	if pool == "" {
		return volumes.OpenState(svc.Dir), nil
	}
	found, err := svc.Get(ctx, pool)
	if err != nil {
		return nil, err
	}
	return open(found)
}

// In is a pool as the settings have it; nil for the state directory.
func (svc *Service) In(set model.Settings, name string) (*model.Pool, error) {
	if name == "" {
		return nil, nil // there is none, and that is no error
	}
	if err := model.ValidateName("pool", name); err != nil {
		return nil, err
	}
	pool, found := set.Pool(name)
	if !found {
		return nil, noPool(name)
	}
	return &pool, nil
}

// Backend is where the state volumes in a pool lie; nil is the state directory.
func (svc *Service) Backend(pool *model.Pool) (volumes.Backend, error) {
	if pool == nil {
		return volumes.OpenState(svc.Dir), nil
	}
	return open(*pool)
}

// open is the backend of a pool.
func open(pool model.Pool) (volumes.Backend, error) {
	path := pool.Path
	if pool.Backend != volumes.LVMThin {
		path = filepath.Join(path, volumeFolder)
	}
	return volumes.Open(pool.Backend, path)
}

// Get returns the record of a pool, or the fault that a person can read.
func (svc *Service) Get(ctx context.Context, name string) (model.Pool, error) {
	if err := model.ValidateName("pool", name); err != nil {
		return model.Pool{}, err
	}
	pool, err := svc.Records.Pool(ctx, name)
	if errors.Is(err, records.ErrNotFound) {
		return pool, noPool(name)
	}
	return pool, err
}

func noPool(name string) error {
	return fault.New(fault.PoolNotFound, "see what there is: holm pool ls", "there is no pool %q", fault.Pool(name))
}

// PoolOf returns the pool of an instance; nil for one that lives in the state directory.
func (svc *Service) PoolOf(ctx context.Context, inst model.Instance) (*model.Pool, error) {
	if inst.Pool == "" {
		return nil, nil // there is none, and that is no error
	}
	pool, err := svc.Get(ctx, inst.Pool)
	return &pool, err
}

// Survey is what a look at a pool found.
type Survey struct {
	Pool    model.Pool // as it is recorded now
	Tree    pools.Tree // zero when it could not be looked at
	Seen    bool
	changed bool // this look found its health to be another than what was known
}

// Survey looks at a pool, and records what has changed. An error says nothing of the pool.
func (svc *Service) Survey(ctx context.Context, pool model.Pool) (Survey, error) {
	tree, err := svc.Look(ctx, pool)
	if err != nil && ctx.Err() != nil {
		return Survey{}, context.Cause(ctx)
	}
	s := Survey{Pool: pool, Tree: tree, Seen: err == nil}
	status, why := standing(pool, tree, err)
	if status != model.PoolBroken {
		if err := svc.probe(ctx, pool); err != nil {
			status, why = model.PoolBroken, err.Error()
		}
	}
	s.changed = pool.Health.Status != status
	if pool.Health.Status == status && pool.Health.Why == why && used(tree) <= pool.UsedPeak+tree.CapacityBytes/peakStep {
		return s, nil
	}
	s.Pool, err = svc.Records.UpdatePool(context.WithoutCancel(ctx), pool.Name, func(r *model.Pool) error {
		r.UsedPeak = max(r.UsedPeak, used(tree))
		if r.Health.Status != status {
			r.Health = model.PoolHealth{Status: status, Since: svc.Now().UTC()}
		}
		if r.Health.Why != why {
			r.Health.Why, r.Health.Told = why, false
		}
		return nil
	})
	if errors.Is(err, records.ErrNotFound) { // removed meanwhile
		return s, fault.New(fault.PoolNotFound, "see what there is: holm pool ls", "there is no pool %q any more", fault.Pool(pool.Name))
	}
	return s, err
}

// peakStep is the part of its capacity by which the use of a pool has to grow before its high-water mark is written anew:
// looking should seldom write.
const peakStep = 1000

func used(t pools.Tree) uint64 { return t.CapacityBytes - min(t.FreeBytes, t.CapacityBytes) }

// held tells why the place of the volumes, which is there, does not answer.
func (svc *Service) probe(ctx context.Context, pool model.Pool) error {
	backend, err := open(pool)
	if err == nil {
		_, err = backend.List(ctx)
	}
	if err != nil && ctx.Err() == nil {
		return operations.OneError(err)
	}
	return nil
}

// standing is the verdict on a pool, with the reason when it is not healthy.
func standing(pool model.Pool, tree pools.Tree, failed error) (status model.PoolStatus, why string) {
	if why := lostWhy(pool, tree, failed); why != "" {
		return model.PoolBroken, why
	}
	if why := tree.Broken(); why != "" {
		return model.PoolBroken, why
	}
	var required []pools.Requirement
	for _, r := range pool.Require {
		required = append(required, pools.Requirement(r))
	}
	if short := tree.Shortfalls(required); len(short) > 0 {
		return model.PoolBroken, short[0]
	}
	if why := tree.Degraded(); why != "" {
		return model.PoolDegraded, why
	}
	return model.PoolHealthy, ""
}

// lostWhy says why what is at the place of a pool is not the pool; "" when it is.
func lostWhy(pool model.Pool, tree pools.Tree, failed error) string {
	switch {
	case failed != nil:
		return operations.OneError(failed).Error()
	case tree.FSUUID != pool.FSUUID:
		return "another file system is there: " + model.Quoted(tree.FSUUID) + " instead of " + pool.FSUUID
	}
	return ""
}
