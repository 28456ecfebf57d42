package main

import (
	"context"

	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/storage/keys"
)

// mendVerbs see to what became of instances without holm.
type mendVerbs interface {
	// Reconcile records which instances were switched off from within, and starts those again whose kernel has panicked;
	// Drifted says what it would see to.
	Reconcile(ctx context.Context) ([]operations.Ended, error)
	Drifted(ctx context.Context) ([]operations.Ended, error)
	// Unstall lets instances go on that were paused for want of space, and returns all that were paused because of a disk;
	// Stalled says which those are.
	Unstall(ctx context.Context) ([]instances.Paused, error)
	Stalled(ctx context.Context) ([]instances.Paused, error)
}

// historyVerbs are about what was done to instances.
type historyVerbs interface {
	// List returns the operations that are kept, oldest first; tenant "" and name "" mean all.
	List(ctx context.Context, tenant, name string) ([]model.Operation, error)
	Show(ctx context.Context, id string) (model.Operation, error)
	// Close writes down how the operations ended that dead processes left; a dry run tells what it would write.
	Close(ctx context.Context, dry bool) ([]operations.Closed, error)
	// Unfinished are the instances that a dead process left half made or half removed.
	Unfinished(ctx context.Context) ([]operations.Ended, error)
}

// networkVerbs are about the networks between instances.
type networkVerbs interface {
	// KeepWalls puts back what is missing of the kernel's rules, or was changed, and says what that was; BrokenWalls only says it.
	KeepWalls(ctx context.Context) ([]networks.Rebuilt, error)
	BrokenWalls(ctx context.Context) ([]networks.Rebuilt, error)
}

// hostStore keeps what the operator has set for this machine.
type hostStore interface {
	Host(ctx context.Context) (model.Host, error)
	// SetHost asks the rules in the transaction that makes the change.
	SetHost(ctx context.Context, change func(*model.Host) error, rules ...model.Rule) (model.Host, error)
	// Around is all that is on record.
	Around(ctx context.Context) (model.Around, error)
}

// keyKeeper has the host's key.
type keyKeeper interface {
	// State says how the key is had after a boot, and whether it can be had now.
	State(ctx context.Context) (keys.State, error)
	Lock(ctx context.Context, passphrase []byte) error
	Unlock(ctx context.Context, passphrase []byte) error
	Release(ctx context.Context, passphrase []byte) error
	// Keep has the credential that systemd gave to this process at hand for other processes.
	Keep() error
}
