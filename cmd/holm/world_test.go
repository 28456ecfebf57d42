package main

import (
	"context"
	"testing"

	"github.com/spf13/cobra"

	"holm/cmd/holm/audit"
	"holm/cmd/holm/cli"
	"holm/cmd/holm/clitest"
	"holm/cmd/holm/host"
	"holm/cmd/holm/image"
	"holm/cmd/holm/inside"
	"holm/cmd/holm/instance"
	"holm/cmd/holm/pool"
	"holm/cmd/holm/tenant"
	"holm/images"
	"holm/internal/term"
	"holm/provisioner/doctor"
)

// world is a host with a few instances, behind all commands.
type world struct{ *clitest.World }

func newWorld() *world { return &world{clitest.New()} }

// needs are what the commands need, of the world.
func (w *world) needs(a *cli.App) needs {
	one, all, proof := clitest.Instances{World: w.World}, clitest.HostWide{World: w.World}, clitest.Proof{World: w.World}
	n := needs{
		instance: instance.Needs{Open: at(instance.Engine{Life: one, Change: one, Look: one, All: all})},
		inside:   inside.Needs{Open: at(inside.Engine{Instances: one, Proof: proof}), Program: w.RunProgram, ProgramAs: w.RunProgramAs},
		image: image.Needs{
			Open: at(image.Engine{Remover: w.Remover()}), Store: func() (image.Store, error) { return clitest.Images{World: w.World}, nil },
			Renew: w.Renew, Mirror: func() images.Mirror { return images.Mirror{} },
		},
		host: host.Needs{
			Open:   at(host.Engine{Instances: all, Networks: clitest.Walls{World: w.World}, History: clitest.History{World: w.World}}),
			Set:    func() host.Settings { return w.Settings() },
			Keeper: func() host.Keeper { return clitest.Keys(a) }, Examine: func(context.Context) doctor.Report { return w.Report }, Mend: w.Mend,
			Resolver: clitest.Resolver, Network: hostNetwork,
		},
		tenant: tenant.Needs{Open: at(tenant.Engine{Tenants: clitest.Tenants{World: w.World}, Hosts: clitest.Sizes{World: w.World}})},
		audit: audit.Needs{
			Open: func(context.Context) (audit.Engine, error) {
				return audit.Engine{Proof: proof, Evidence: w.Signer(a), Instances: one}, nil
			},
			Log: func() (audit.Log, error) { return clitest.Records(a), nil },
		},
	}
	n.pool = pool.Needs{
		Open: at(pool.Engine{Pools: clitest.Pools{World: w.World}, Instances: all, Arrays: w.Maker()}),
		News: host.News(a, n.host),
	}
	return n
}

// at is an engine that is at hand.
func at[E any](e E) func(context.Context) (E, error) {
	return func(context.Context) (E, error) { return e, nil }
}

func (w *world) commands(a *cli.App) []*cobra.Command { return commands(a, w.needs(a)) }

func (w *world) Run(t *testing.T, args ...string) clitest.Outcome {
	t.Helper()
	return w.World.Run(t, w.commands, nil, args...)
}

func (w *world) RunOn(t *testing.T, prepare func(*term.Streams), args ...string) clitest.Outcome {
	t.Helper()
	return w.World.Run(t, w.commands, prepare, args...)
}
