package parts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"

	"holm/cloudinit"
	"holm/images"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
	"holm/provisioner/saga"
)

// CreateStages is the life of a create: what has to be there before a guest runs, in order. Steps of one line are
// independent of each other. Every step can be done again and undone again, whoever died in between.
func (p *Parts) CreateStages(h hypervisor.Driver, inst model.Instance, image images.Manifest, w *operations.Watcher) []saga.Stage {
	return []saga.Stage{
		{p.folder(inst)},
		{p.Network(h, inst, w), p.volume(inst, w), p.seed(inst, w)},
		{p.define(h, inst, image, w)},
		{p.Start(h, inst, image, w)},
	}
}

// folder is where the instance's files lie. QEMU's user has to pass through it.
func (p *Parts) folder(inst model.Instance) saga.Step {
	dir := InstanceDir(p.Dir, inst.ID)
	return saga.Step{
		Name: "folder",
		Do: func(context.Context) error {
			if err := operations.MakeDir(dir, operations.Passable); err != nil {
				return fmt.Errorf("make the instance's folder: %w", err)
			}
			return nil
		},
		// The console log and the known hosts lie in it besides what other steps remove.
		Undo: func(context.Context) error { return os.RemoveAll(dir) },
	}
}

// volume is the state volume, blank: the guest formats it.
func (p *Parts) volume(inst model.Instance, w *operations.Watcher) saga.Step {
	return saga.Step{
		Name: "volume",
		Do: func(ctx context.Context) error {
			disks, err := p.Pools.Disks(ctx, inst.Pool)
			if err != nil {
				return err
			}
			key, err := p.Keys.Passphrase(ctx, inst)
			if err != nil {
				return err
			}
			how := "encrypted"
			if key == nil {
				how = "not encrypted"
			}
			w.Text("volume", fmt.Sprintf("%d GiB, %s, %s", inst.Flavor.DiskGiB, disks.Disk(inst.ID).Format, how))
			err = disks.Create(ctx, inst.ID, inst.Flavor.DiskGiB, key)
			if errors.Is(err, fs.ErrExist) {
				_, err = disks.Usage(ctx, inst.ID) // it was made before, unless it is no volume
			}
			return err
		},
		Undo: func(ctx context.Context) error {
			_, err := p.RemoveVolume(ctx, inst)
			return err
		},
	}
}

// seed is what cloud-init reads at the first boot.
func (p *Parts) seed(inst model.Instance, w *operations.Watcher) saga.Step {
	path := SeedPath(p.Dir, inst.ID)
	return saga.Step{
		Name: "seed",
		Do: func(ctx context.Context) error {
			spec, err := p.seedSpec(ctx, inst)
			if err != nil {
				return err
			}
			seed, err := cloudinit.Render(spec)
			if err != nil {
				return err
			}
			sum, size, err := seed.WriteFile(path)
			if err != nil {
				return err
			}
			w.Text("seed", fmt.Sprintf("%d KiB, sha256 %s…", (size+1023)>>10, sum[:12]))
			return nil
		},
		Undo: func(context.Context) error { return operations.RemoveFile(path) },
	}
}

func (p *Parts) seedSpec(ctx context.Context, inst model.Instance) (cloudinit.Spec, error) {
	own, err := p.ensureKey(ctx)
	if err != nil {
		return cloudinit.Spec{}, err
	}
	spec := cloudinit.Spec{
		InstanceID: inst.ID, Hostname: inst.Name, User: inst.User, Profile: inst.Profile,
		OwnKey: own, AuthorizedKeys: inst.AuthorizedKeys, APINames: inst.APINames,
		MAC: inst.MAC, Address: netip.PrefixFrom(inst.Address, inst.PrefixLen), Gateway: inst.Gateway,
	}
	if inst.Address6.IsValid() {
		spec.Address6 = netip.PrefixFrom(inst.Address6, network.Bits6)
		spec.Gateway6 = spec.Address6.Masked().Addr().Next()
	}
	return spec, nil
}

// Machine is what an instance's domain is made of; seed is "" when it has none any more.
func (p *Parts) Machine(ctx context.Context, inst model.Instance, image images.Manifest, seed string) (machine.Spec, error) {
	disks, err := p.Pools.Disks(ctx, inst.Pool)
	if err != nil {
		return machine.Spec{}, err
	}
	n, err := p.Networks.Named(ctx, inst.Tenant, inst.Network)
	if err != nil {
		return machine.Spec{}, err
	}
	filter, _, err := network.Guard(p.Dir)
	if err != nil {
		return machine.Spec{}, err
	}
	disk := disks.Disk(inst.ID)
	state := machine.Disk{Path: disk.Path, Format: disk.Format, Block: disk.Block, Buffered: disk.Buffered}
	if inst.Key != nil {
		state.Secret = inst.UUID // libvirt's secrets have names of their own
	}
	return machine.Spec{
		Name: inst.Domain, UUID: inst.UUID, InstanceID: inst.ID, Tenant: inst.Tenant, UID: inst.UID,
		Accel: inst.Accel, Machine: inst.Machine, VCPUs: inst.Flavor.VCPUs, MemoryMiB: inst.Flavor.MemoryMiB,
		Limits: machine.Limits(inst.Flavor.Limits),
		Kernel: p.Images.Path(image, image.Kernel), Initrd: p.Images.Path(image, image.Initrd),
		Cmdline:  image.Cmdline(),
		RootDisk: p.Images.Path(image, image.Root), StateDisk: state, Seed: seed,
		Network: inst.Network, Filter: filter, Internal: n.Internal, MAC: inst.MAC, Address: inst.Address, Address6: inst.Address6,
		ConsoleLog: ConsolePath(p.Dir, inst.ID),
	}, nil
}

// DomainXML is the machine of an instance; seed says whether the seed is a disk of it.
func (p *Parts) DomainXML(ctx context.Context, inst model.Instance, image images.Manifest, seed bool) (string, error) {
	path := ""
	if seed {
		path = SeedPath(p.Dir, inst.ID)
	}
	spec, err := p.Machine(ctx, inst, image, path)
	if err != nil {
		return "", err
	}
	return machine.Domain(spec)
}

// define gives libvirt the machine, with the seed as a third disk for the first boot.
func (p *Parts) define(h hypervisor.Driver, inst model.Instance, image images.Manifest, w *operations.Watcher) saga.Step {
	return saga.Step{
		Name: "defined",
		Do: func(ctx context.Context) error {
			xml, err := p.DomainXML(ctx, inst, image, true)
			if err != nil {
				return err
			}
			w.Text("defined", inst.Domain+"  "+inst.Machine)
			if err := p.GrantAccess(ctx, inst); err != nil {
				return err
			}
			return h.Define(ctx, xml)
		},
		Undo: func(ctx context.Context) error { return h.Undefine(ctx, inst.UUID) },
	}
}

// Start switches the machine on.
func (p *Parts) Start(h hypervisor.Driver, inst model.Instance, image images.Manifest, w *operations.Watcher) saga.Step {
	return saga.Step{
		Name: "started",
		Do: func(ctx context.Context) error {
			w.Text("started", image.KernelVersion+"  "+image.Name+"@"+strings.TrimPrefix(image.Short(), "sha256:"))
			if err := p.WithKey(ctx, h, inst, func() error { return h.Start(ctx, inst.UUID) }); err != nil {
				return err
			}
			return p.Limit(ctx, h, inst)
		},
		Undo: func(ctx context.Context) error { return h.Destroy(ctx, inst.UUID) },
	}
}

// Limit holds the QEMU that was just started to its limits. One that has ended by now needs none: whoever waits for the guest
// says why it did. Nor has one that an earlier holm started as libvirt's user, which verify fails until it is started anew.
func (p *Parts) Limit(ctx context.Context, h hypervisor.Driver, inst model.Instance) error {
	if p.Bound == nil || inst.UID == 0 {
		return nil
	}
	live, err := h.LiveXML(ctx, inst.UUID)
	if err == nil {
		err = p.Bound(inst.Domain, inst.UUID, live, inst.UID)
	}
	if err == nil {
		return nil
	}
	if state, stateErr := h.State(ctx, inst.UUID); stateErr == nil && operations.Down(state) {
		return nil
	}
	return err
}
