package parts

import (
	"context"
	"fmt"
	"net/netip"

	"holm/cloudinit"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
)

// seed is what cloud-init reads at the first boot.
func (p *Parts) seed() Part {
	return Part{
		Name: "seed", Create: 2,
		Ensure: func(ctx context.Context, plan *Plan) error {
			spec, err := p.seedSpec(ctx, plan.Instance)
			if err != nil {
				return err
			}
			seed, err := cloudinit.Render(spec)
			if err != nil {
				return err
			}
			sum, size, err := seed.WriteFile(SeedPath(p.Dir, plan.Instance.ID))
			if err != nil {
				return err
			}
			plan.Watcher.Text("seed", fmt.Sprintf("%d KiB, sha256 %s…", (size+1023)>>10, sum[:12]))
			return nil
		},
		Remove: func(_ context.Context, plan *Plan) error {
			return operations.RemoveFile(SeedPath(p.Dir, plan.Instance.ID))
		},
		Inspect: func(_ context.Context, plan *Plan) (string, error) {
			if !plan.Instance.SeedAttached {
				return "", nil // it is deleted after the first boot
			}
			return missing(SeedPath(p.Dir, plan.Instance.ID))
		},
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
