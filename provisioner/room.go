package provisioner

import (
	"context"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// poolFor is the pool that a new instance goes into: the one that was asked for, else the host's own; "" is the state
// directory.
func (p *Provisioner) poolFor(ctx context.Context, asked string) (string, error) {
	if asked != "" {
		return asked, validateName("pool", asked)
	}
	host, err := p.Records.Host(ctx)
	return host.Pool, err
}

// settleIn holds a new instance against its pool as that is now. It returns nil for the state directory.
func (p *Provisioner) settleIn(ctx context.Context, inst model.Instance) (*survey, error) {
	pool, err := p.poolOf(ctx, inst)
	if err != nil || pool == nil {
		return nil, err
	}
	s, err := p.survey(ctx, *pool)
	if err != nil {
		return nil, err
	}
	switch s.pool.Health.Status {
	case model.PoolBroken:
		return nil, broken(s.pool)
	case model.PoolDegraded:
		if !inst.AllowDegraded {
			return nil, fault.New(fault.Refused,
				"wait until it is whole: holm pool check "+pool.Name+"      or add --allow-degraded, which is recorded",
				"pool %q is degraded: %s", pool.Name, s.pool.Health.Why)
		}
	case model.PoolHealthy:
	}
	if s.tree.FreeBytes < minFree {
		return nil, fault.New(fault.Unfit, "make room in it, or use another one: --pool POOL",
			"pool %q is full: %d MiB are free, %d MiB are needed", pool.Name, s.tree.FreeBytes>>20, minFree>>20)
	}
	return &s, s.offers(inst.Flavor.DiskGiB)
}

// offers refuses a volume that would not fit even if it were alone.
func (s *survey) offers(gib int) error {
	if limit := s.limit(); uint64(max(gib, 0))<<30 > limit { // #nosec G115 -- not negative
		return fault.New(fault.Unfit, "ask for less: --disk SIZE", "%d GiB are more than the %d GiB that pool %q may promise",
			gib, limit>>30, s.pool.Name)
	}
	return nil
}

// limit is how many bytes the pool may promise to instances.
func (s *survey) limit() uint64 {
	return uint64(float64(s.tree.CapacityBytes) * max(s.pool.Overcommit, 1))
}

// promise refuses an instance for which the pool has too little left, given all the others. It runs inside the
// transaction that makes the promise.
func (s *survey) promise(others []model.Instance, inst model.Instance) error {
	if s == nil {
		return nil
	}
	if err := s.offers(inst.Flavor.DiskGiB); err != nil {
		return err
	}
	promised, asked := model.Promised(inst.Pool, others), uint64(max(inst.Flavor.DiskGiB, 0))<<30 // #nosec G115 -- not negative
	if limit := s.limit(); promised+asked > limit {
		return fault.New(fault.Refused, "ask for less: --disk SIZE      or use another pool: --pool POOL",
			"pool %q has promised %d of %d GiB: %d GiB are too much", inst.Pool, promised>>30, limit>>30, inst.Flavor.DiskGiB)
	}
	return nil
}

// standsOn refuses to switch on an instance whose pool is broken. One that is merely degraded runs on; whoever watches is
// told, once.
func (p *Provisioner) standsOn(ctx context.Context, inst model.Instance, w *watcher) error {
	pool, err := p.poolOf(ctx, inst)
	if err != nil || pool == nil {
		return err
	}
	s, err := p.survey(ctx, *pool)
	if err != nil {
		return err
	}
	if s.pool.Health.Status == model.PoolBroken {
		return broken(s.pool)
	}
	if s.pool.Health.Status == model.PoolDegraded && !s.pool.Health.Told && w.watched {
		w.begin("pool")
		w.finish("pool", pool.Name+" is DEGRADED: "+s.pool.Health.Why)
		return p.told(ctx, s.pool)
	}
	return nil
}

// told records that a person has heard of the health of a pool.
func (p *Provisioner) told(ctx context.Context, pool model.Pool) error {
	if pool.Health.Told || pool.Health.Status == model.PoolHealthy {
		return nil
	}
	_, err := p.Records.UpdatePool(ctx, pool.Name, func(r *model.Pool) error {
		if r.Health.Status == pool.Health.Status && r.Health.Why == pool.Health.Why {
			r.Health.Told = true
		}
		return nil
	})
	return err
}

func broken(pool model.Pool) error {
	return fault.New(fault.Unfit, "look at it: holm pool show "+pool.Name, "pool %q is broken: %s", pool.Name, pool.Health.Why)
}
