// Package guestlink is the dialogue with the agent in a guest. What comes from there is a claim: it is held to its forms,
// and accepted only where it
// agrees with what is known.
package guestlink

import (
	"context"

	"holm/provisioner/environment"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
)

// Store is what is on record. Implementation: storage/records.
type Store interface {
	// Host returns the settings of this machine; the zero value when none were made.
	Host(ctx context.Context) (model.Host, error)
	// Tenant finds by name; records.ErrNotFound.
	Tenant(ctx context.Context, name string) (model.Tenant, error)
	// Instances returns all instances in full, in no particular order.
	Instances(ctx context.Context) ([]model.Instance, error)
}

// Link puts questions to guests.
type Link struct {
	Operations *operations.Service
	Networks   *networks.Service
	Parts      *parts.Parts
	Records    Store
	// Network is the host's own.
	Network network.Network
	// Resolver looks at the host's own resolver.
	Resolver func() environment.Resolver
}
