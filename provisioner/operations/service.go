// Package operations is how work on an instance is begun, watched, kept apart from other work on it, and ended: locks, the
// journal and the events of its steps, and
// the errors of work that was refused or cut short.
package operations

import (
	"context"
	"time"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

// Store is what is on record of instances, and the journal. Implementation: storage/records.
type Store interface {
	// Instance finds by tenant and name; records.ErrNotFound.
	Instance(ctx context.Context, tenant, name string) (model.Instance, error)
	// PutOperation stores or replaces an operation. Of each instance the newest records.KeptOperations that have ended are kept.
	PutOperation(ctx context.Context, op model.Operation) error
}

// Service begins operations. Its methods may be called from several processes at once, and from several goroutines once Connect
// has answered.
type Service struct {
	Dir     string // the state directory, absolute
	Records Store
	// Dial reaches the hypervisor; it is called when it is first needed, and at most once.
	Dial func(context.Context) (hypervisor.Driver, error)
	// CrashAt is called at each point where a death of the process has to be survivable; nil outside of tests.
	CrashAt func(point string)
	Now     func() time.Time

	hypervisor hypervisor.Driver // nil until it is first needed
}
