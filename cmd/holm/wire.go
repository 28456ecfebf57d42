package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"holm/cmd/holm/audit"
	"holm/cmd/holm/cli"
	"holm/cmd/holm/host"
	"holm/cmd/holm/image"
	"holm/cmd/holm/inside"
	"holm/cmd/holm/instance"
	"holm/cmd/holm/pool"
	"holm/cmd/holm/tenant"
	"holm/images"
	"holm/internal/trusted"
	"holm/provisioner"
	"holm/provisioner/doctor"
	"holm/provisioner/hosts"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/pools"
	"holm/provisioner/proof"
	"holm/provisioner/tenants"
	"holm/provisioner/uids"
	"holm/provisioner/views"
	"holm/storage/arrays"
	"holm/storage/ledger"
	"holm/storage/records"
)

// This file and backend.go are the only ones that know which room stands behind what the commands need.

// needs are what all commands ask of the rooms behind them, a noun at a time.
type needs struct {
	instance instance.Needs
	inside   inside.Needs
	image    image.Needs
	host     host.Needs
	pool     pool.Needs
	tenant   tenant.Needs
	audit    audit.Needs
}

// wire puts the rooms behind the commands of a run. They are opened when a command asks for them: the flags are known then.
func wire(a *cli.App) needs {
	open := once(func(ctx context.Context) (*provisioner.Engine, error) { return newProvisioner(ctx, a.Settings) })
	a.Lists = lists(open)
	n := needs{
		instance: instance.Needs{Open: through(open, func(e *provisioner.Engine) instance.Engine {
			return instance.Engine{Life: e.Instances, Change: e.Instances, Look: e.Instances, All: e.Instances}
		})},
		inside: inside.Needs{
			Open: through(open, func(e *provisioner.Engine) inside.Engine {
				return inside.Engine{Instances: e.Instances, Proof: e.Proof}
			}),
			Program: inside.RunProgram, ProgramAs: inside.RunProgramAs,
		},
		image: image.Needs{
			Open: through(open, func(e *provisioner.Engine) image.Engine {
				store := images.Open(filepath.Join(a.Settings.State, "images"))
				return image.Engine{Remover: instances.ImageRemover{Users: e.Instances, Store: store}}
			}),
			Store: func() (image.Store, error) { return imageStore(a.Settings) },
			Renew: renewLock, Mirror: hostMirror,
		},
		host: host.Needs{
			Open: through(open, func(e *provisioner.Engine) host.Engine {
				return host.Engine{Instances: e.Instances, Networks: e.Networks, History: e.History}
			}),
			Set:      func() host.Settings { return hostSettings(a.Settings, open) },
			Keeper:   func() host.Keeper { return newKeyRing(a.Settings) },
			Examine:  func(ctx context.Context) doctor.Report { return examineHost(ctx, a.Settings) },
			Mend:     func(ctx context.Context, id string) (doctor.Result, error) { return mendHost(ctx, a.Settings, id) },
			Resolver: hostResolver, Network: hostNetwork,
		},
		tenant: tenant.Needs{Open: through(open, func(e *provisioner.Engine) tenant.Engine {
			return tenant.Engine{Tenants: e.Tenants, Hosts: e.Hosts}
		})},
		audit: audit.Needs{
			Open: through(open, func(e *provisioner.Engine) audit.Engine {
				log := ledger.At(a.Settings.State, records.Open(database(a.Settings)), a.Now)
				return audit.Engine{
					Proof: e.Proof, Evidence: proof.Signer{Proof: e.Proof, Log: log, Version: a.Build().Version}, Instances: e.Instances,
				}
			}),
			Log: func() (audit.Log, error) { return records.Open(database(a.Settings)), nil },
		},
	}
	n.pool = pool.Needs{
		Open: through(open, func(e *provisioner.Engine) pool.Engine {
			return pool.Engine{Pools: e.Pools, Instances: e.Instances, Arrays: pools.Maker{Pools: e.Pools, Arrays: arrays.Builder{}}}
		}),
		News: host.News(a, n.host),
	}
	return n
}

// hostSettings work without an engine, which may not open before something is set; what they enforce needs one.
func hostSettings(s cli.Settings, open func(ctx context.Context) (*provisioner.Engine, error)) hosts.Settings {
	return hosts.Settings{
		Records: records.Open(database(s)), Others: uids.System{}.Others,
		Enforce: func(ctx context.Context) error {
			e, err := open(ctx)
			if err != nil {
				return err
			}
			rebuilt, err := e.Networks.KeepWalls(ctx)
			for _, r := range rebuilt {
				err = errors.Join(err, r.Err)
			}
			return err
		},
	}
}

// once opens the engine for the first command that asks, and has it at hand for those that ask again.
func once(open func(ctx context.Context) (*provisioner.Engine, error)) func(ctx context.Context) (*provisioner.Engine, error) {
	var opened *provisioner.Engine
	return func(ctx context.Context) (*provisioner.Engine, error) {
		var err error
		if opened == nil {
			opened, err = open(ctx)
		}
		return opened, err
	}
}

// through shows the engine as the commands about one noun know it.
func through[E any](
	open func(ctx context.Context) (*provisioner.Engine, error), see func(*provisioner.Engine) E,
) func(ctx context.Context) (E, error) {
	return func(ctx context.Context) (E, error) {
		e, err := open(ctx)
		if err != nil {
			var none E
			return none, err
		}
		return see(e), nil
	}
}

// lists are the names that a shell completes.
func lists(open func(ctx context.Context) (*provisioner.Engine, error)) cli.Lists {
	engine := func(ctx context.Context, list func(e *provisioner.Engine) ([]string, error)) ([]string, error) {
		e, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return list(e)
	}
	return cli.Lists{
		Instances: func(ctx context.Context, tenant string) ([]string, error) {
			return engine(ctx, func(e *provisioner.Engine) ([]string, error) {
				rows, err := e.Instances.List(ctx, tenant)
				return namesOf(rows, func(r views.Row) string { return r.Name }), err
			})
		},
		Tenants: func(ctx context.Context) ([]string, error) {
			return engine(ctx, func(e *provisioner.Engine) ([]string, error) {
				all, err := e.Tenants.List(ctx)
				return namesOf(all, func(v tenants.View) string { return v.Name }), err
			})
		},
		Pools: func(ctx context.Context) ([]string, error) {
			return engine(ctx, func(e *provisioner.Engine) ([]string, error) { return e.Pools.Names(ctx) })
		},
		Flavors: func(ctx context.Context) ([]string, error) {
			return engine(ctx, func(e *provisioner.Engine) ([]string, error) {
				all, err := e.Hosts.Flavors(ctx)
				return namesOf(all, func(f model.Flavor) string { return f.Name }), err
			})
		},
	}
}

func namesOf[T any](all []T, name func(T) string) []string {
	list := make([]string, len(all))
	for i, one := range all {
		list[i] = name(one)
	}
	return list
}

func imageStore(s cli.Settings) (image.Store, error) {
	dir := filepath.Join(s.State, "images")
	if err := trusted.Dir(dir); err != nil {
		return nil, err
	}
	return images.Open(dir), nil
}

func renewLock(ctx context.Context, old images.Lock, epoch time.Time) (images.Lock, error) {
	return images.Renew(ctx, old, hostMirror(), epoch)
}

// hostMirror is where this host's own apt gets its packages.
func hostMirror() images.Mirror { return images.HostMirror(os.DirFS("/etc/apt")) }

func database(s cli.Settings) string { return filepath.Join(s.State, "holm.db") }
