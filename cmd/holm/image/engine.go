// Package image has the commands about golden images.
package image

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/images"
)

// Needs are what these commands ask of the rooms behind them.
type Needs struct {
	Open  func(ctx context.Context) (Engine, error)
	Store func() (Store, error)
	// Renew makes a lock of today's packages.
	Renew func(ctx context.Context, old images.Lock, epoch time.Time) (images.Lock, error)
	// Mirror is where this host's own apt gets its packages.
	Mirror func() images.Mirror
}

// Store keeps images.
type Store interface {
	List() ([]images.Manifest, error)
	Get(ref string) (images.Manifest, error)
	Verify(ctx context.Context, digest string, progress func(done, total int64)) error
	Build(ctx context.Context, o images.BuildOptions) (images.Manifest, error)
}

// Engine removes images.
type Engine struct{ Remover Remover }

// Remover removes images that no instance needs.
type Remover interface {
	// Remove removes images by their digests until one cannot be; removed is told of each.
	Remove(ctx context.Context, digests []string, removed func(digest string)) error
}

// app is a run of holm, with what these commands need.
type app struct {
	*cli.App
	Needs
}

// Commands are those about images.
func Commands(a *cli.App, n Needs) []*cobra.Command {
	return []*cobra.Command{imageCommand(&app{a, n})}
}
