package operations

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/storage/records"
)

// Crash marks a point at which a death of the process has to be survivable.
func (svc *Service) Crash(point string) {
	if svc.CrashAt != nil {
		svc.CrashAt(point)
	}
}

// Hold finds an instance and takes its lock for a change.
func (svc *Service) Hold(ctx context.Context, tenant, name string, how Manner) (hypervisor.Driver, model.Instance, func(), error) {
	refuse := func(err error) (hypervisor.Driver, model.Instance, func(), error) {
		return nil, model.Instance{}, nil, err
	}
	if _, err := svc.Find(ctx, tenant, name); err != nil {
		return refuse(err)
	}
	if err := svc.Prepare(); err != nil {
		return refuse(err)
	}
	take := func() (func(), error) { return svc.HoldName(ctx, tenant, name, how == InTurn) }
	if how == BreaksIn {
		take = func() (func(), error) { return svc.breakIn(ctx, tenant, name) }
	}
	release, err := take()
	if err != nil {
		return refuse(err)
	}
	// Again: it may have been removed while the lock was waited for.
	inst, err := svc.Find(ctx, tenant, name)
	if err != nil {
		release()
		return refuse(err)
	}
	h, err := svc.Connect(ctx)
	if err != nil {
		release()
		return refuse(err)
	}
	return h, inst, release, nil
}

// Connect reaches the hypervisor, once and for all.
func (svc *Service) Connect(ctx context.Context) (hypervisor.Driver, error) {
	if svc.hypervisor == nil {
		h, err := svc.Dial(ctx)
		if err != nil {
			return nil, err
		}
		svc.hypervisor = h
	}
	return svc.hypervisor, nil
}

// Find returns the record of an instance, or the fault that a person can read.
func (svc *Service) Find(ctx context.Context, tenant, name string) (model.Instance, error) {
	if err := model.ValidateName("name", name); err != nil {
		return model.Instance{}, err
	}
	if err := model.ValidateName("tenant", tenant); err != nil {
		return model.Instance{}, err
	}
	inst, err := svc.Records.Instance(ctx, tenant, name)
	if errors.Is(err, records.ErrNotFound) {
		return inst, fault.New(fault.InstanceNotFound, "see what there is: holm ls --tenant "+tenant,
			"there is no instance %q in tenant %q", fault.Instance(name), fault.Tenant(tenant))
	}
	return inst, err
}

// RandomHex returns n random bytes as hexadecimal digits.
func RandomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// Operation begins the journal entry of a change to an instance.
func (svc *Service) Operation(kind string, inst model.Instance) model.Operation {
	now := svc.Now().UTC()
	return model.Operation{
		ID: fmt.Sprintf("%016x-%s", now.UnixNano(), RandomHex(2)), Kind: kind, Status: model.Running, Started: now,
		Instance: inst.ID, Tenant: inst.Tenant, Name: inst.Name, Pool: inst.Pool, Actor: records.Actor(),
	}
}
