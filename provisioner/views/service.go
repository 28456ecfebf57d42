// Package views shows instances as they are: what is on record, and what the hypervisor and the guest say now.
package views

import (
	"context"

	"holm/provisioner/guestlink"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
)

// Store is what is on record. Implementation: storage/records.
type Store interface {
	// List returns the summaries, sorted by tenant and name; tenant "" means all.
	List(ctx context.Context, tenant string) ([]model.Summary, error)
	// Settings returns all that is on record but the instances, as it is at one moment.
	Settings(ctx context.Context) (model.Settings, error)
}

// Service looks at instances and changes nothing.
type Service struct {
	Operations *operations.Service
	Parts      *parts.Parts
	Link       *guestlink.Link
	Records    Store
}
