// Package tenant has the commands about whom instances belong to, and about the sizes that they can have.
package tenant

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/provisioner/hosts"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
)

// Needs are what these commands ask of the rooms behind them.
type Needs struct {
	Open func(ctx context.Context) (Engine, error)
}

// Engine knows tenants and sizes.
type Engine struct {
	Tenants Tenants
	Hosts   Sizes
}

// Tenants are whom instances belong to.
type Tenants interface {
	Add(ctx context.Context, name string, c tenants.Change) (tenants.View, error)
	Set(ctx context.Context, name string, c tenants.Change) (tenants.View, error)
	Show(ctx context.Context, name string) (tenants.View, error)
	List(ctx context.Context) ([]tenants.View, error)
	Remove(ctx context.Context, name string) error
	// RotateKey gives a tenant a new key; it returns its name, and of how many volumes it sealed the keys.
	RotateKey(ctx context.Context, tenant string) (id string, volumes int, err error)
}

// Sizes are those that this host offers.
type Sizes interface {
	// Flavors returns the sizes that there are; ResetFlavor forgets what SetFlavor has set.
	Flavors(ctx context.Context) ([]model.Flavor, error)
	SetFlavor(ctx context.Context, name string, c hosts.FlavorChange) (model.Flavor, error)
	ResetFlavor(ctx context.Context, name string) error
}

// app is a run of holm, with what these commands need.
type app struct {
	*cli.App
	Needs
}

// Commands are those about tenants and sizes.
func Commands(a *cli.App, n Needs) []*cobra.Command {
	with := &app{a, n}
	return []*cobra.Command{tenantCommand(with), flavorCommand(with)}
}
