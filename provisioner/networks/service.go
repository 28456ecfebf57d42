// Package networks has the networks that instances live in, a tenant's own or the host's, with their rules in the kernel.
package networks

import (
	"context"

	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
)

// Store is what is on record. Implementation: storage/records.
type Store interface {
	// Settings returns all that is on record but the instances, as it is at one moment.
	Settings(ctx context.Context) (model.Settings, error)
	// Around returns that and the instances in full, in no particular order.
	Around(ctx context.Context) (model.Around, error)
	// Instances returns all instances in full, in no particular order.
	Instances(ctx context.Context) ([]model.Instance, error)
}

// Service makes, guards and removes networks.
type Service struct {
	Operations *operations.Service
	Dir        string // the state directory, absolute: whose networks they are
	Records    Store
	Firewall   Firewall
	// Host is the host's own network; those of tenants are beside it.
	Network network.Network
	// MaxFlows is how many connections the host's kernel can follow; 0 is not known.
	MaxFlows int
}
