package provisioner

import (
	"context"
	"errors"
	"slices"

	"holm/provisioner/model"
	"holm/storage/pools"
	"holm/storage/records"
)

// PoolView is a pool as it is shown: its record, and what a look at it found.
type PoolView struct {
	model.Pool
	CapacityBytes uint64 `json:"capacity_bytes"`
	FreeBytes     uint64 `json:"free_bytes"`
	UsedBytes     uint64 `json:"used_bytes"` // of the file system, by whoever
	PromisedBytes uint64 `json:"promised_bytes"`
	Instances     int    `json:"instances"`
	// Warnings are what drives say of themselves that does not make the pool degraded yet.
	Warnings []string    `json:"warnings,omitempty"`
	Tree     *pools.Tree `json:"tree,omitempty"` // nil when it could not be looked at
	// Changed: this look found it otherwise than it was known.
	Changed bool `json:"-"`
}

// Told records that a person has been shown how a pool is.
func (p *Provisioner) Told(ctx context.Context, shown []PoolView) error {
	var failed []error
	for _, v := range shown {
		if err := p.told(ctx, v.Pool); err != nil && !errors.Is(err, records.ErrNotFound) {
			failed = append(failed, err)
		}
	}
	return oneError(failed...)
}

func view(s survey, living []model.Instance) PoolView {
	v := PoolView{Pool: s.pool, Instances: len(living), PromisedBytes: model.Promised(s.pool.Name, living), Changed: s.changed}
	v.PromisedPeak = max(v.PromisedPeak, v.PromisedBytes)
	if s.seen {
		v.Tree, v.CapacityBytes, v.FreeBytes, v.UsedBytes = &s.tree, s.tree.CapacityBytes, s.tree.FreeBytes, used(s.tree)
		v.UsedPeak = max(v.UsedPeak, v.UsedBytes)
		v.Warnings = s.tree.Warnings()
	}
	return v
}

// PoolNames returns the names of all pools, sorted, without looking at them.
func (p *Provisioner) PoolNames(ctx context.Context) ([]string, error) {
	all, err := p.Records.Pools(ctx)
	names := make([]string, len(all))
	for i, pool := range all {
		names[i] = pool.Name
	}
	return names, err
}

// Pools looks at the pools of those names, or at all of them.
func (p *Provisioner) Pools(ctx context.Context, names ...string) ([]PoolView, error) {
	all, err := p.Records.Pools(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := p.pool(ctx, name); err != nil {
			return nil, err
		}
	}
	instances, err := p.Records.Instances(ctx)
	if err != nil {
		return nil, err
	}
	views := []PoolView{}
	for _, pool := range all {
		if len(names) > 0 && !slices.Contains(names, pool.Name) {
			continue
		}
		s, err := p.survey(ctx, pool)
		if err != nil {
			return nil, err
		}
		p.Health(ctx, &s.tree)
		views = append(views, view(s, slices.DeleteFunc(slices.Clone(instances), func(i model.Instance) bool { return i.Pool != pool.Name })))
	}
	return views, nil
}
