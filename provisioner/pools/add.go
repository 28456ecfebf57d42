package pools

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/residency"
	"holm/storage/pools"
	"holm/storage/records"
	"holm/storage/volumes"
)

// Spec is a pool as a person asks for it. Everything in it is untrusted.
type Spec struct {
	Name    string
	Path    string // a mount point, absolute; of a thin pool "VG/POOL"
	Require string // "nvme,raid10"
	Backend string // "" is volumes.Qcow2
	// Overcommit is how many times the capacity may be promised; 0 is 1.
	Overcommit float64
	// Site and Jurisdiction say where the drives stand, when that is not where the host does.
	Site, Jurisdiction string
}

// maxOvercommit is the most that a pool may promise, in capacities.
const maxOvercommit = 100

// Plan holds a pool against the host and returns what AddPool would make of it now. It changes nothing.
func (svc *Service) Plan(ctx context.Context, spec Spec) (View, error) {
	pool, err := spec.pool()
	if err != nil {
		return View{}, err
	}
	tree, err := svc.Look(ctx, pool)
	if err != nil {
		return View{}, err
	}
	pool.FSType, pool.FSUUID, pool.UsedPeak = tree.FSType, tree.FSUUID, used(tree)
	status, why := standing(pool, tree, nil)
	switch status {
	case model.PoolBroken:
		return View{}, fault.New(fault.PoolUnfit, "choose another place, or require less: --require",
			"%s is not fit for pool %q: %s", fault.Path(pool.Path), fault.Pool(pool.Name), why)
	case model.PoolDegraded:
		return View{}, fault.New(fault.PoolDegraded, "wait until it is whole: cat /proc/mdstat",
			"%s is degraded: %s", fault.Path(pool.Path), why).With(fault.Pool(pool.Name))
	case model.PoolHealthy:
	}
	pool.Health = model.PoolHealth{Status: status, Since: svc.Now().UTC()}
	pool.Added = pool.Health.Since
	existing, err := svc.Records.Pools(ctx)
	if err != nil {
		return View{}, err
	}
	return view(Survey{Pool: pool, Tree: tree, Seen: true}, nil), clash(existing, pool)
}

// Add proves that a place can hold volumes, and makes it a pool.
func (svc *Service) Add(ctx context.Context, spec Spec) (View, error) {
	v, err := svc.Plan(ctx, spec)
	if err != nil {
		return v, err
	}
	if err := svc.Operations.Prepare(); err != nil {
		return v, err
	}
	release, err := svc.Operations.HoldPools(ctx)
	if err != nil {
		return v, err
	}
	defer release()
	return svc.addPool(ctx, v)
}

// Make is AddPool for a place that build makes. From before it begins until the pool is on record, no other pool is added, made or
// removed: what belongs to one goes by its name, and two that are made at once could take each other's drives.
func (svc *Service) Make(ctx context.Context, spec Spec, build func(context.Context) error) (View, error) {
	if err := model.ValidateName("pool", spec.Name); err != nil {
		return View{}, err
	}
	if err := svc.Operations.Prepare(); err != nil {
		return View{}, err
	}
	release, err := svc.Operations.HoldPools(ctx)
	if err != nil {
		return View{}, err
	}
	defer release()
	names, err := svc.Names(ctx)
	if err == nil && slices.Contains(names, spec.Name) {
		err = poolTaken(records.ErrExists, spec.Name)
	}
	if err == nil {
		err = build(ctx)
	}
	if err != nil {
		return View{}, err
	}
	v, err := svc.Plan(ctx, spec)
	if err != nil {
		return v, err
	}
	return svc.addPool(ctx, v)
}

// addPool makes a pool of what was planned. The caller holds the pools.
func (svc *Service) addPool(ctx context.Context, v View) (View, error) {
	backend, err := open(v.Pool)
	if err != nil {
		return v, err
	}
	existing, err := svc.Records.Pools(ctx)
	if err == nil { // again: another one may have been added while the lock was waited for
		err = clash(existing, v.Pool)
	}
	if err != nil {
		return v, err
	}
	made := !isThere(v.Pool)
	err = backend.Prepare(ctx)
	svc.Operations.Crash("pool.prepared")
	if err == nil && v.Backend != volumes.LVMThin { // which is there before anything is started
		err = svc.Boot.Order(v.Name, v.Path)
	}
	svc.Operations.Crash("pool.ordered")
	if err == nil {
		// Last: what a death leaves before is an empty folder, and a wait for a mount that is there.
		err = svc.Records.AddPool(ctx, v.Pool, func(existing []model.Pool) error { return clash(existing, v.Pool) })
	}
	if err == nil {
		return v, nil
	}
	return v, svc.notAdded(ctx, v.Pool, made, err)
}

// notAdded takes back what was done for a pool that came to nothing, unless another one that was added at the same time
// has the name, or the place.
func (svc *Service) notAdded(ctx context.Context, pool model.Pool, made bool, failed error) error {
	all, err := svc.Records.Pools(context.WithoutCancel(ctx))
	if err != nil {
		return operations.OneError(failed, err)
	}
	if !slices.ContainsFunc(all, func(other model.Pool) bool { return other.Name == pool.Name }) {
		failed = operations.OneError(failed, svc.Boot.Unorder(pool.Name))
	}
	if !slices.ContainsFunc(all, func(other model.Pool) bool { return other.FSUUID == pool.FSUUID }) {
		svc.tidy(pool, made)
	}
	return poolTaken(failed, pool.Name)
}

func poolTaken(err error, name string) error {
	if errors.Is(err, records.ErrExists) {
		return fault.New(fault.PoolExists, "see it: holm pool show "+name, "pool %q exists already", fault.Pool(name))
	}
	return err
}

// isThere tells whether the folder of a pool's volumes is there already, perhaps from an earlier life.
func isThere(pool model.Pool) bool {
	if pool.Backend == volumes.LVMThin {
		return true
	}
	_, err := os.Lstat(filepath.Join(pool.Path, volumeFolder))
	return err == nil
}

// tidy removes the folder that was made for volumes, unless something is in it.
func (svc *Service) tidy(pool model.Pool, made bool) {
	if made && pool.Backend != volumes.LVMThin {
		_ = os.Remove(filepath.Join(pool.Path, volumeFolder))
	}
}

// pool checks what can be checked without looking at the host.
func (s Spec) pool() (model.Pool, error) {
	if err := model.ValidateName("pool", s.Name); err != nil {
		return model.Pool{}, err
	}
	required, err := pools.ParseRequirements(s.Require)
	if err != nil {
		return model.Pool{}, err
	}
	if s.Overcommit == 0 {
		s.Overcommit = 1
	}
	if !(s.Overcommit >= 1 && s.Overcommit <= maxOvercommit) { // so that NaN is refused as well
		return model.Pool{}, fault.New(fault.Usage, "use a number such as 1.5",
			"a pool cannot promise %v times what it has: use 1 to %d", s.Overcommit, maxOvercommit)
	}
	pool := model.Pool{Name: s.Name, Path: s.Path, Backend: s.Backend, Overcommit: s.Overcommit}
	if s.Site != "" {
		if pool.Site, err = residency.ParseSite(s.Site); err != nil {
			return pool, err
		}
	}
	if s.Jurisdiction != "" {
		if pool.Jurisdiction, err = residency.ParseJurisdiction(s.Jurisdiction); err != nil {
			return pool, err
		}
	}
	if pool.Backend == "" {
		pool.Backend = volumes.Qcow2
	}
	for _, r := range required {
		pool.Require = append(pool.Require, string(r))
	}
	if pool.Backend != volumes.LVMThin && (!filepath.IsAbs(s.Path) || filepath.Clean(s.Path) != s.Path) {
		return pool, fault.New(fault.Usage, "give an absolute path, such as /srv/holm", "%s is not the path of a mount point",
			model.Quoted(s.Path))
	}
	_, err = open(pool)
	return pool, err
}

// clash refuses a pool that shares its place with another one.
func clash(existing []model.Pool, pool model.Pool) error {
	for _, other := range existing {
		switch {
		case other.Name == pool.Name:
			return fault.New(fault.PoolExists, "see it: holm pool show "+pool.Name, "pool %q exists already", fault.Pool(pool.Name))
		case other.FSUUID == pool.FSUUID:
			return fault.New(fault.PoolExists, "see it: holm pool show "+other.Name,
				"%s is the file system of pool %q already", fault.Path(pool.Path), fault.Pool(other.Name))
		case other.Backend != volumes.LVMThin && pool.Backend != volumes.LVMThin &&
			(inside(other.Path, pool.Path) || inside(pool.Path, other.Path)):
			return fault.New(fault.Usage, "choose a place beside it",
				"%s and %s, which is pool %q, lie in each other", pool.Path, other.Path, other.Name)
		}
	}
	return nil
}

// inside tells whether path is folder or lies below it. Both are clean.
func inside(folder, path string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}
