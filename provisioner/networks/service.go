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
	// Tenants returns all tenants on record, sorted by name.
	Tenants(ctx context.Context) ([]model.Tenant, error)
	// Instances returns all instances in full, in no particular order.
	Instances(ctx context.Context) ([]model.Instance, error)
	// List returns the summaries, sorted by tenant and name; tenant "" means all.
	List(ctx context.Context, tenant string) ([]model.Summary, error)
	// Host returns the settings of this machine; the zero value when none were made.
	Host(ctx context.Context) (model.Host, error)
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
