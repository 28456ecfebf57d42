package parts

import (
	"context"

	"holm/images"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
	"holm/storage/volumes"
)

// Plan is what the parts of one instance go by: its record and what that leads to, looked up once. It may have the key of a volume:
// nobody prints it.
type Plan struct {
	Hypervisor hypervisor.Driver
	Instance   model.Instance
	Image      images.Manifest     // where something is made
	Watcher    *operations.Watcher // where something is made
	New        bool                // the instance is being made
	Passphrase []byte              // opens its volume, if that is known already

	// GiveUp leaves a volume whose pool is not there to whoever has its drives.
	GiveUp bool
	// Note is told what has become of the volume, and Last is called while the network is held, when nothing else is left. Both are
	// for a removal.
	Note func(ctx context.Context, what string) error
	Last func(ctx context.Context) error

	settings model.Settings
	pool     *model.Pool // nil is the state directory
	disks    volumes.Backend
	noDisks  error // why there are none
	usage    volumes.Usage
	measured bool // usage is known
	network  network.Network
	noNet    error // why it is not known
}

// Plan looks up what is on record of what an instance is in. What is not there keeps only the parts from being made that need it.
func (p *Parts) Plan(set model.Settings, h hypervisor.Driver, inst model.Instance) *Plan {
	plan := &Plan{Hypervisor: h, Instance: inst, settings: set}
	plan.pool, plan.noDisks = p.Pools.In(set, inst.Pool)
	if plan.noDisks == nil {
		plan.disks, plan.noDisks = p.Pools.Backend(plan.pool)
	}
	plan.network, plan.noNet = p.Networks.In(set, inst.Tenant, inst.Network)
	return plan
}

// Usage measures the volume, once.
func (p *Plan) Usage(ctx context.Context) (has volumes.Usage, err error) {
	if p.noDisks != nil || p.measured {
		return p.usage, p.noDisks
	}
	if has, err = p.disks.Usage(ctx, p.Instance.ID); err == nil {
		p.usage, p.measured = has, true
	}
	return has, err
}

// passphrase opens the volume; nil when it is not encrypted.
func (p *Parts) passphrase(ctx context.Context, plan *Plan) (pass []byte, err error) {
	if plan.Passphrase == nil {
		plan.Passphrase, err = p.Keys.Passphrase(ctx, plan.settings, plan.Instance)
	}
	return plan.Passphrase, err
}
