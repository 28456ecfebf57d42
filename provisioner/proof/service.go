// Package proof holds instances to what was promised of them, and states what was found as evidence.
package proof

import (
	"context"
	"time"

	"holm/provisioner/guestlink"
	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/pools"
	"holm/provisioner/verify"
	"holm/provisioner/views"
)

// Store is what is on record. Implementation: storage/records.
type Store interface {
	// Around returns all that is on record, as it is at one moment.
	Around(ctx context.Context) (model.Around, error)
	// Host returns the settings of this machine; the zero value when none were made.
	Host(ctx context.Context) (model.Host, error)
	// Tenant finds by name; records.ErrNotFound.
	Tenant(ctx context.Context, name string) (model.Tenant, error)
	// Update changes one instance in place, if the rules allow it; the callback must not keep the pointer.
	Update(ctx context.Context, id string, change func(*model.Instance) error, rules ...model.Rule) (model.Instance, error)
	// PutOperation stores or replaces an operation. Of each instance the newest records.KeptOperations that have ended are kept.
	PutOperation(ctx context.Context, op model.Operation) error
}

// Service verifies instances.
type Service struct {
	Operations *operations.Service
	Networks   *networks.Service
	Pools      *pools.Service
	Parts      *parts.Parts
	Link       *guestlink.Link
	Views      *views.Service
	Dir        string // the state directory, absolute
	Records    Store
	Images     parts.Images
	// Inspect tries what the host can try of a running instance by itself, and ends soon after ctx does.
	Inspect func(ctx context.Context, s verify.Subject) []verify.Result
	Now     func() time.Time
}
