// Package hosts has what one machine offers: its sizes of instances, and whether and how it can run them.
package hosts

import (
	"context"

	"holm/provisioner/model"
)

// Store is what is on record. Implementation: storage/records.
type Store interface {
	// SetFlavor stores a flavor in the place of another one of that name.
	SetFlavor(ctx context.Context, flavor model.Flavor) error
	// Flavors returns all that were stored, sorted by name.
	Flavors(ctx context.Context) ([]model.Flavor, error)
	// DropFlavor removes a stored flavor; records.ErrNotFound.
	DropFlavor(ctx context.Context, name string) error
}

// Service keeps the settings of this machine.
type Service struct {
	Records Store
}
