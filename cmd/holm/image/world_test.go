package image

import (
	"context"
	"testing"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/clitest"
	"holm/images"
	"holm/internal/term"
)

// world is a host with a few instances, behind these commands.
type world struct{ *clitest.World }

func newWorld() *world { return &world{clitest.New()} }

func (w *world) commands(a *cli.App) []*cobra.Command {
	return Commands(a, Needs{
		Open: func(context.Context) (Engine, error) {
			return Engine{Remover: w.Remover()}, nil
		},
		Store: func() (Store, error) { return clitest.Images{World: w.World}, nil },
		Renew: w.Renew, Mirror: func() images.Mirror { return images.Mirror{} },
	})
}

func (w *world) Run(t *testing.T, args ...string) clitest.Outcome {
	t.Helper()
	return w.World.Run(t, w.commands, nil, args...)
}

func (w *world) RunOn(t *testing.T, prepare func(*term.Streams), args ...string) clitest.Outcome {
	t.Helper()
	return w.World.Run(t, w.commands, prepare, args...)
}
