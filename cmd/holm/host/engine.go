// Package host has the commands about this machine: whether it is fit, what is set for it, its key, and what was done on it.
package host

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/provisioner/doctor"
	"holm/provisioner/environment"
	"holm/provisioner/hosts"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/storage/keys"
)

// Needs are what these commands ask of the rooms behind them, and of this host.
type Needs struct {
	Open    func(ctx context.Context) (Engine, error)
	Set     func() Settings
	Keeper  func() Keeper
	Examine func(ctx context.Context) doctor.Report
	Mend    func(ctx context.Context, id string) (doctor.Result, error)

	Resolver func() environment.Resolver                    // the host's own
	Network  func(host model.Host) (network.Network, error) // where instances live
}

// Engine knows what was done to instances, and brings the records in line with what became of them.
type Engine struct {
	Instances Mending
	Networks  Walls
	History   History
}

// Mending sees to what became of instances without holm.
type Mending interface {
	// Reconcile records which instances were switched off from within, and starts those again whose kernel has panicked;
	// Drifted says what it would see to.
	Reconcile(ctx context.Context) ([]operations.Ended, error)
	Drifted(ctx context.Context) ([]operations.Ended, error)
	// Unstall lets instances go on that were paused for want of space, and returns all that were paused because of a disk;
	// Stalled says which those are.
	Unstall(ctx context.Context) ([]instances.Paused, error)
	Stalled(ctx context.Context) ([]instances.Paused, error)
}

// Walls are the kernel's rules of instances' networks.
type Walls interface {
	// KeepWalls puts back what is missing of the kernel's rules, or was changed, and says what that was; BrokenWalls only says it.
	KeepWalls(ctx context.Context) ([]networks.Rebuilt, error)
	BrokenWalls(ctx context.Context) ([]networks.Rebuilt, error)
}

// History is what was done to instances.
type History interface {
	// List returns the operations that are kept, oldest first; tenant "" and name "" mean all.
	List(ctx context.Context, tenant, name string) ([]model.Operation, error)
	Show(ctx context.Context, id string) (model.Operation, error)
	// Close writes down how the operations ended that dead processes left; a dry run tells what it would write.
	Close(ctx context.Context, dry bool) ([]operations.Closed, error)
	// Unfinished are the instances that a dead process left half made or half removed.
	Unfinished(ctx context.Context) ([]operations.Ended, error)
}

// Settings are what the operator has set for this machine.
type Settings interface {
	Show(ctx context.Context) (model.Host, error)
	Set(ctx context.Context, c hosts.Change) (model.Host, error)
	// Plan says what Set would come to.
	Plan(ctx context.Context, c hosts.Change) (model.Host, error)
}

// Keeper has the host's key.
type Keeper interface {
	// State says how the key is had after a boot, and whether it can be had now.
	State(ctx context.Context) (keys.State, error)
	Lock(ctx context.Context, passphrase []byte) error
	Unlock(ctx context.Context, passphrase []byte) error
	Release(ctx context.Context, passphrase []byte) error
	// Keep has the credential that systemd gave to this process at hand for other processes.
	Keep() error
}

// app is a run of holm, with what these commands need.
type app struct {
	*cli.App
	Needs
}

// Commands are those about this machine.
func Commands(a *cli.App, n Needs) []*cobra.Command {
	with := &app{a, n}
	return []*cobra.Command{doctorCommand(with), hostCommand(with), unlockCommand(with), operationCommand(with), reconcileCommand(with)}
}
