package parts

import (
	"context"
	"errors"

	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/network"
	"holm/provisioner/operations"
)

// domain is the machine as libvirt knows it, with the seed as a third disk for the first boot.
func (p *Parts) domain() Part {
	return Part{
		Name: "domain", Made: "defined", Create: 3, Start: 1,
		Ensure: p.define,
		Remove: func(ctx context.Context, plan *Plan) error { return plan.Hypervisor.Undefine(ctx, plan.Instance.UUID) },
		Inspect: func(ctx context.Context, plan *Plan) (string, error) {
			state, err := plan.Hypervisor.State(ctx, plan.Instance.UUID)
			if state == hypervisor.Absent {
				return notThere, err
			}
			return "", err
		},
	}
}

// define gives libvirt the machine of the record. A start does so anew: whoever changed the record may have died before libvirt was
// told, and what a newer holm asks of a machine holds from its next start on.
func (p *Parts) define(ctx context.Context, plan *Plan) error {
	inst, seed := plan.Instance, ""
	if plan.New || inst.SeedAttached {
		seed = SeedPath(p.Dir, inst.ID)
	}
	spec, err := p.Machine(plan, seed)
	if err != nil {
		return err
	}
	xml, err := machine.Domain(spec)
	if err != nil {
		return err
	}
	if plan.New {
		plan.Watcher.Text("defined", inst.Domain+"  "+inst.Machine)
	}
	if err := p.grantAccess(plan); err != nil {
		return err
	}
	return plan.Hypervisor.Define(ctx, xml)
}

// Machine is what an instance's domain is made of; seed is "" when it has none any more.
func (p *Parts) Machine(plan *Plan, seed string) (machine.Spec, error) {
	if err := errors.Join(plan.noDisks, plan.noNet); err != nil {
		return machine.Spec{}, operations.OneError(err)
	}
	inst, image := plan.Instance, plan.Image
	filter, _, err := network.Guard(p.Dir)
	if err != nil {
		return machine.Spec{}, err
	}
	disk := plan.disks.Disk(inst.ID)
	state := machine.Disk{Path: disk.Path, Format: disk.Format, Block: disk.Block, Buffered: disk.Buffered}
	if inst.Key != nil {
		state.Secret = inst.UUID // libvirt's secrets have names of their own
	}
	return machine.Spec{
		Name: inst.Domain, UUID: inst.UUID, InstanceID: inst.ID, Tenant: inst.Tenant, UID: inst.UID,
		Accel: inst.Accel, Machine: inst.Machine, VCPUs: inst.Flavor.VCPUs, MemoryMiB: inst.Flavor.MemoryMiB,
		Limits: inst.Flavor.Limits,
		Kernel: p.Images.Path(image, image.Kernel), Initrd: p.Images.Path(image, image.Initrd),
		Cmdline:  image.Cmdline(),
		RootDisk: p.Images.Path(image, image.Root), StateDisk: state, Seed: seed,
		Network: inst.Network, Filter: filter, Internal: plan.network.Internal, MAC: inst.MAC, Address: inst.Address, Address6: inst.Address6,
		ConsoleLog: ConsolePath(p.Dir, inst.ID),
	}, nil
}
