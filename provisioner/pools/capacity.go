package pools

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// CheckNew holds a new instance against its pool as that is now. It returns nil for the state directory, which no pool is.
func (svc *Service) CheckNew(ctx context.Context, pool *model.Pool, inst model.Instance) (*Survey, error) {
	if pool == nil {
		return nil, nil
	}
	s, err := svc.Survey(ctx, *pool)
	if err != nil {
		return nil, err
	}
	switch s.Pool.Health.Status {
	case model.PoolBroken:
		return nil, Broken(s.Pool)
	case model.PoolDegraded:
		if !inst.AllowDegraded {
			return nil, fault.New(fault.PoolDegraded,
				"wait until it is whole: holm pool check "+pool.Name+"      or add --allow-degraded, which is recorded",
				"pool %q is degraded: %s", fault.Pool(pool.Name), s.Pool.Health.Why)
		}
	case model.PoolHealthy:
	}
	if s.Tree.FreeBytes < MinFree {
		return nil, fault.New(fault.PoolFull, "make room in it, or use another one: --pool POOL",
			"pool %q is full: %d MiB are free, %d MiB are needed",
			fault.Pool(pool.Name), fault.Free(s.Tree.FreeBytes>>20), fault.Asked(MinFree>>20)).
			With(fault.Unit("MiB"))
	}
	return &s, s.offers(inst.Flavor.DiskGiB)
}

// offers refuses a volume that would not fit even if it were alone.
func (s *Survey) offers(gib int) error {
	if limit := s.limit(); uint64(max(gib, 0))<<30 > limit { // #nosec G115 -- not negative
		return fault.New(fault.PoolTooSmall, "ask for less: --disk SIZE", "%d GiB are more than the %d GiB that pool %q may promise",
			fault.Asked(gib), fault.Limit(limit>>30), fault.Pool(s.Pool.Name)).With(fault.Unit("GiB"))
	}
	return nil
}

// limit is how many bytes the pool may promise to instances.
func (s *Survey) limit() uint64 {
	return uint64(float64(s.Tree.CapacityBytes) * max(s.Pool.Overcommit, 1))
}

// Promise refuses an instance for which the pool has too little left, given all the others. It runs inside the
// transaction that makes the promise.
func (s *Survey) Promise(others []model.Instance, inst model.Instance) error {
	if s == nil {
		return nil
	}
	if err := s.offers(inst.Flavor.DiskGiB); err != nil {
		return err
	}
	promised, asked := model.Promised(inst.Pool, others), uint64(max(inst.Flavor.DiskGiB, 0))<<30 // #nosec G115 -- not negative
	if limit := s.limit(); promised+asked > limit {
		return fault.New(fault.PoolPromised, "ask for less: --disk SIZE      or use another pool: --pool POOL",
			"pool %q has promised %d of %d GiB: %d GiB are too much",
			fault.Pool(inst.Pool), fault.Used(promised>>30), fault.Limit(limit>>30), fault.Asked(inst.Flavor.DiskGiB)).
			With(fault.Unit("GiB"))
	}
	return nil
}

// RequireUsable refuses to switch on an instance whose pool is broken; nil is the state directory.
// One that is merely degraded runs on; whoever watches is
// told, once.
func (svc *Service) RequireUsable(ctx context.Context, pool *model.Pool, w *operations.Watcher) error {
	if pool == nil {
		return nil
	}
	s, err := svc.Survey(ctx, *pool)
	if err != nil {
		return err
	}
	if s.Pool.Health.Status == model.PoolBroken {
		return Broken(s.Pool)
	}
	if s.Pool.Health.Status == model.PoolDegraded && !s.Pool.Health.Told && w.Watched {
		w.Begin("pool")
		w.Finish("pool", pool.Name+" is DEGRADED: "+s.Pool.Health.Why)
		return svc.acknowledge(ctx, s.Pool)
	}
	return nil
}

// told records that a person has heard of the health of a pool.
func (svc *Service) acknowledge(ctx context.Context, pool model.Pool) error {
	if pool.Health.Told || pool.Health.Status == model.PoolHealthy {
		return nil
	}
	_, err := svc.Records.UpdatePool(ctx, pool.Name, func(r *model.Pool) error {
		if r.Health.Status == pool.Health.Status && r.Health.Why == pool.Health.Why {
			r.Health.Told = true
		}
		return nil
	})
	return err
}

// Broken is the fault for a pool that is not what it has to be.
func Broken(pool model.Pool) error {
	return fault.New(fault.PoolBroken, "look at it: holm pool show "+pool.Name,
		"pool %q is broken: %s", fault.Pool(pool.Name), pool.Health.Why)
}
