package provisioner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/storage/records"
)

// RemovePool forgets a pool in which nothing lives. What lies in it stays; the folder of volumes goes when it is empty.
func (p *Provisioner) RemovePool(ctx context.Context, name string) error {
	pool, err := p.pool(ctx, name)
	if err != nil {
		return err
	}
	if err := p.prepare(); err != nil {
		return err
	}
	release, err := p.holdPools(ctx)
	if err != nil {
		return err
	}
	defer release()
	err = p.Records.DropPool(ctx, name, func(living []model.Instance) error {
		if len(living) == 0 {
			return nil
		}
		return fault.New(fault.Busy, "remove them first: holm rm NAME", "pool %q has instances in it: %s", name, someOf(living))
	}, notTheHosts(name))
	if errors.Is(err, records.ErrNotFound) {
		return noPool(name)
	}
	if err != nil {
		return err
	}
	if tree, err := p.Look(ctx, pool); lostWhy(pool, tree, err) == "" {
		p.tidy(pool, true)
	}
	return p.Boot.Unorder(name)
}

// someOf names a few of many instances, for a line.
func someOf(living []model.Instance) string {
	names := make([]string, len(living))
	for i, inst := range living {
		names[i] = inst.Tenant + "/" + inst.Name
	}
	slices.Sort(names)
	const most = 5
	text := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}
