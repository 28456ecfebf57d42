// Package instance has the commands that make instances, change them, look at them and remove them.
package instance

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/provisioner/environment"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/views"
)

// Needs are what these commands ask of the rooms behind them.
type Needs struct {
	Open func(ctx context.Context) (Engine, error)
}

// Engine is what can be done with instances. Names belong to a tenant; tenant "" in List means all.
type Engine struct {
	Life   Life
	Change Change
	Look   Look
	All    All
}

// Life is an instance from its making to its end.
type Life interface {
	Create(ctx context.Context, spec instances.Spec, observer operations.Observer) (model.Instance, error)
	// Plan admits a spec and returns what Create would reserve for it. It changes nothing.
	Plan(ctx context.Context, spec instances.Spec) (model.Instance, error)
	Start(ctx context.Context, tenant, name string, observer operations.Observer) (model.Instance, error)
	Stop(ctx context.Context, tenant, name string, force bool, observer operations.Observer) error
	Restart(ctx context.Context, tenant, name string, observer operations.Observer) (model.Instance, error)
	Wait(ctx context.Context, tenant, name string, observer operations.Observer) (model.Instance, error)
	Remove(ctx context.Context, tenant, name string, observer operations.Observer) error
	// GiveUp is Remove for an instance whose pool will not come back.
	GiveUp(ctx context.Context, tenant, name string, observer operations.Observer) error
}

// Change is what can be changed of one that there is.
type Change interface {
	// Resize makes a state volume larger, in GiB.
	Resize(ctx context.Context, tenant, name string, gib int, observer operations.Observer) (model.Instance, error)
	// Rebuild gives an instance another image and keeps its state; ref "" is the newest image of the same name.
	Rebuild(ctx context.Context, tenant, name, ref string, observer operations.Observer) (model.Instance, error)
	// SetEnvironment changes what an instance is told of the world around it.
	SetEnvironment(ctx context.Context, tenant, name string, c environment.Change, observer operations.Observer) (model.Instance, error)
	// Expose publishes ports of the host for an instance, Unexpose takes them back.
	Expose(ctx context.Context, tenant, name string, ports []model.Port, observer operations.Observer) (model.Instance, error)
	Unexpose(ctx context.Context, tenant, name string, ports []model.Port, observer operations.Observer) (model.Instance, error)
}

// Look shows instances.
type Look interface {
	Show(ctx context.Context, tenant, name string) (views.Instance, error)
	List(ctx context.Context, tenant string) ([]views.Row, error)
	Stats(ctx context.Context, tenant, name string) (hypervisor.Stats, error)
	// Exposures lists what is published of one, or of all.
	Exposures(ctx context.Context, tenant, name string) ([]instances.Exposure, error)
	// Nameless says why no name will resolve in an instance, made or planned: "" when names do.
	Nameless(ctx context.Context, inst model.Instance) (string, error)
}

// All is what is done to all instances of this host.
type All interface {
	// StartAll starts what ran when the host went down; Interrupted says what that is.
	StartAll(ctx context.Context, observer operations.Observer) ([]instances.Started, error)
	Interrupted(ctx context.Context) ([]model.Instance, error)
	// ParkAll switches off what runs, as the host goes down, and StartAll brings it back; Running says what that is.
	ParkAll(ctx context.Context, observer operations.Observer) ([]instances.Started, error)
	Running(ctx context.Context) ([]model.Instance, error)
}

// app is a run of holm, with what these commands need.
type app struct {
	*cli.App
	Needs
}

// Commands are those about instances.
func Commands(a *cli.App, n Needs) []*cobra.Command {
	with := &app{a, n}
	return []*cobra.Command{
		createCommand(with), lsCommand(with), showCommand(with), startCommand(with), stopCommand(with), restartCommand(with),
		exposeCommand(with), setCommand(with), resizeCommand(with), rmCommand(with), waitCommand(with), rebuildCommand(with), statsCommand(with),
	}
}
