package pools

import (
	"context"
	"errors"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/storage/records"
)

// Remove forgets a pool in which nothing lives. What lies in it stays; the folder of volumes goes when it is empty.
func (svc *Service) Remove(ctx context.Context, name string) error {
	pool, err := svc.Get(ctx, name)
	if err != nil {
		return err
	}
	if err := svc.Operations.Prepare(); err != nil {
		return err
	}
	release, err := svc.Operations.HoldPools(ctx)
	if err != nil {
		return err
	}
	defer release()
	err = svc.Records.DropPool(ctx, name, func(living []model.Instance) error {
		if len(living) == 0 {
			return nil
		}
		return fault.New(fault.PoolNotEmpty, "remove them first: holm rm NAME",
			"pool %q has instances in it: %s", fault.Pool(name), model.SomeOf(living))
	}, notTheHosts(name))
	if errors.Is(err, records.ErrNotFound) {
		return noPool(name)
	}
	if err != nil {
		return err
	}
	if tree, err := svc.Look(ctx, pool); lostWhy(pool, tree, err) == "" {
		svc.tidy(pool, true)
	}
	return svc.Boot.Unorder(name)
}
