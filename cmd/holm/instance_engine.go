package main

import (
	"context"
	"io"

	"holm/provisioner/environment"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
	"holm/provisioner/views"
)

// instanceVerbs is all that can be done with instances.
type instanceVerbs interface {
	lifeVerbs
	changeVerbs
	showVerbs
	hostWideVerbs
	mendVerbs
}

// lifeVerbs are an instance from its making to its end.
type lifeVerbs interface {
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

// changeVerbs change one that there is.
type changeVerbs interface {
	// Resize makes a state volume larger, in GiB.
	Resize(ctx context.Context, tenant, name string, gib int, observer operations.Observer) (model.Instance, error)
	// Rebuild gives an instance another image and keeps its state; ref "" is the newest image of the same name.
	Rebuild(ctx context.Context, tenant, name, ref string, observer operations.Observer) (model.Instance, error)
	// SetEnvironment changes what an instance is told of the world around it; Nameless says why no name will resolve in one,
	// made or planned: "" when names do.
	SetEnvironment(ctx context.Context, tenant, name string, c environment.Change, observer operations.Observer) (model.Instance, error)
	// Expose publishes ports of the host for an instance, Unexpose takes them back; Exposures lists those of one or of all.
	Expose(ctx context.Context, tenant, name string, ports []network.Port, observer operations.Observer) (model.Instance, error)
	Unexpose(ctx context.Context, tenant, name string, ports []network.Port, observer operations.Observer) (model.Instance, error)
}

// showVerbs look at instances.
type showVerbs interface {
	Show(ctx context.Context, tenant, name string) (views.Instance, error)
	List(ctx context.Context, tenant string) ([]views.Row, error)
	Stats(ctx context.Context, tenant, name string) (hypervisor.Stats, error)
	Console(ctx context.Context, tenant, name string) (io.ReadWriteCloser, error)
	Exposures(ctx context.Context, tenant, name string) ([]instances.Exposure, error)
	Nameless(ctx context.Context, inst model.Instance) (string, error)
}

// hostWideVerbs do something to all instances of this host.
type hostWideVerbs interface {
	// StartAll starts what ran when the host went down; Interrupted says what that is.
	StartAll(ctx context.Context, observer operations.Observer) ([]instances.Started, error)
	Interrupted(ctx context.Context) ([]model.Instance, error)
	// ParkAll switches off what runs, as the host goes down, and StartAll brings it back; Running says what that is.
	ParkAll(ctx context.Context, observer operations.Observer) ([]instances.Started, error)
	Running(ctx context.Context) ([]model.Instance, error)
	// WithImageUsers calls do with the instances that need each image, by its digest, while none begins to.
	WithImageUsers(ctx context.Context, do func(users map[string][]string) error) error
}
