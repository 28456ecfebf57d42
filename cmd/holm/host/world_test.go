package host

import (
	"context"
	"testing"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/clitest"
	"holm/internal/term"
	"holm/provisioner/doctor"
	"holm/provisioner/model"
	"holm/provisioner/network"
)

// world is a host with a few instances, behind these commands.
type world struct{ *clitest.World }

func newWorld() *world { return &world{clitest.New()} }

func (w *world) commands(a *cli.App) []*cobra.Command {
	rm := &cobra.Command{Use: "rm", Run: func(*cobra.Command, []string) {}} // which remedies name
	return append(Commands(a, Needs{
		Open: func(context.Context) (Engine, error) {
			return Engine{
				Instances: clitest.HostWide{World: w.World}, Networks: clitest.Walls{World: w.World}, History: clitest.History{World: w.World},
			}, nil
		},
		Set:      func() Settings { return w.Settings() },
		Keeper:   func() Keeper { return clitest.Keys(a) },
		Examine:  func(context.Context) doctor.Report { return w.Report },
		Mend:     w.Mend,
		Resolver: clitest.Resolver,
		Network:  func(model.Host) (network.Network, error) { return network.Default(), nil },
	}), rm)
}

func (w *world) Run(t *testing.T, args ...string) clitest.Outcome {
	t.Helper()
	return w.World.Run(t, w.commands, nil, args...)
}

func (w *world) RunOn(t *testing.T, prepare func(*term.Streams), args ...string) clitest.Outcome {
	t.Helper()
	return w.World.Run(t, w.commands, prepare, args...)
}
