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
	Remove(digest string, usedBy []string) error
	Build(ctx context.Context, o images.BuildOptions) (images.Manifest, error)
}

// Engine knows who uses images.
type Engine struct{ Instances Users }

// Users are the instances that need images.
type Users interface {
	// WithImageUsers calls do with the instances that need each image, by its digest, while none begins to.
	WithImageUsers(ctx context.Context, do func(users map[string][]string) error) error
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
