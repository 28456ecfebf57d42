package main

import (
	"context"

	"holm/provisioner/hosts"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
)

// sizeVerbs are about the sizes that this host offers.
type sizeVerbs interface {
	// Flavors returns the sizes that there are; ResetFlavor forgets what SetFlavor has set.
	Flavors(ctx context.Context) ([]model.Flavor, error)
	SetFlavor(ctx context.Context, name string, c hosts.FlavorChange) (model.Flavor, error)
	ResetFlavor(ctx context.Context, name string) error
}

// tenantVerbs are about whom instances belong to.
type tenantVerbs interface {
	Add(ctx context.Context, name string, c tenants.Change) (tenants.View, error)
	Set(ctx context.Context, name string, c tenants.Change) (tenants.View, error)
	Show(ctx context.Context, name string) (tenants.View, error)
	List(ctx context.Context) ([]tenants.View, error)
	Remove(ctx context.Context, name string) error
	// RotateKey gives a tenant a new key; it returns its name, and of how many volumes it sealed the keys.
	RotateKey(ctx context.Context, tenant string) (id string, volumes int, err error)
}
