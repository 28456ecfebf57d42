package pools

import (
	"context"
	"errors"
	"slices"

	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/storage/pools"
	"holm/storage/records"
)

// View is a pool as it is shown: its record, and what a look at it found.
type View struct {
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

// Acknowledge records that a person has been shown how a pool is.
func (svc *Service) Acknowledge(ctx context.Context, shown []View) error {
	var failed []error
	for _, v := range shown {
		if err := svc.acknowledge(ctx, v.Pool); err != nil && !errors.Is(err, records.ErrNotFound) {
			failed = append(failed, err)
		}
	}
	return operations.OneError(failed...)
}

func view(s Survey, living []model.Instance) View {
	v := View{Pool: s.Pool, Instances: len(living), PromisedBytes: model.Promised(s.Pool.Name, living), Changed: s.changed}
	v.PromisedPeak = max(v.PromisedPeak, v.PromisedBytes)
	if s.Seen {
		v.Tree, v.CapacityBytes, v.FreeBytes, v.UsedBytes = &s.Tree, s.Tree.CapacityBytes, s.Tree.FreeBytes, used(s.Tree)
		v.UsedPeak = max(v.UsedPeak, v.UsedBytes)
		v.Warnings = s.Tree.Warnings()
	}
	return v
}

// Names returns the names of all pools, sorted, without looking at them.
func (svc *Service) Names(ctx context.Context) ([]string, error) {
	all, err := svc.Records.Pools(ctx)
	names := make([]string, len(all))
	for i, pool := range all {
		names[i] = pool.Name
	}
	return names, err
}

// List looks at the pools of those names, or at all of them.
func (svc *Service) List(ctx context.Context, names ...string) ([]View, error) {
	all, err := svc.Records.Pools(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := svc.Get(ctx, name); err != nil {
			return nil, err
		}
	}
	instances, err := svc.Records.Instances(ctx)
	if err != nil {
		return nil, err
	}
	views := []View{}
	for _, pool := range all {
		if len(names) > 0 && !slices.Contains(names, pool.Name) {
			continue
		}
		s, err := svc.Survey(ctx, pool)
		if err != nil {
			return nil, err
		}
		svc.Health(ctx, &s.Tree)
		views = append(views, view(s, slices.DeleteFunc(slices.Clone(instances), func(i model.Instance) bool { return i.Pool != pool.Name })))
	}
	return views, nil
}
