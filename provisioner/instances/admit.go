package instances

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/netip"
	"slices"

	"holm/cloudinit"
	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/hosts"
	"holm/provisioner/memory"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/provisioner/proof"
	"holm/provisioner/tenants"
)

// admitted is a spec that passed: the record that it would become, the image, and where its volume is to lie.
type admitted struct {
	inst    model.Instance
	image   images.Manifest
	survey  *pools.Survey // nil when it is the state directory
	set     model.Settings
	tenant  model.Tenant
	network network.Network
	memory  memory.Host
	wired   map[string]bool // hardware addresses that others have on this host
}

// admit holds a spec against the host, the images and the settings, and returns the record that it would become,
// without what only the reservation can give. It changes nothing but what is known of the pool's health.
func (c *Creator) admit(ctx context.Context, spec Spec) (admitted, error) {
	refuse := func(err error) (admitted, error) { return admitted{}, err }
	spec, err := spec.withDefaults()
	if err != nil {
		return refuse(err)
	}
	set, err := c.Records.Settings(ctx)
	if err != nil {
		return refuse(err)
	}
	size, err := flavor(set.Flavors, spec)
	if err != nil {
		return refuse(err)
	}
	tenant, err := c.Tenants.Owner(ctx, set, spec.Tenant)
	if err != nil {
		return refuse(err)
	}
	if spec.AuthorizedKeys, err = withKeysOf(tenant, spec.AuthorizedKeys); err != nil {
		return refuse(err)
	}
	image, err := c.imageFor(spec)
	if err != nil {
		return refuse(err)
	}
	if !spec.NoVerify {
		if err := proof.Promising(image, spec.Profile); err != nil {
			return refuse(err)
		}
	}
	host, err := c.Measure(ctx)
	if err != nil {
		return refuse(err)
	}
	if err := hosts.Fits(size, host); err != nil {
		return refuse(err)
	}
	accel, err := hosts.Accelerator(set.Host, host)
	if err != nil {
		return refuse(err)
	}
	where, err := c.Networks.Of(tenant)
	if err != nil {
		return refuse(err)
	}
	inst := model.Instance{
		Name: spec.Name, Tenant: spec.Tenant, State: model.Creating, Profile: spec.Profile, Flavor: size,
		Image: image.Digest, ImageName: image.Name, Unlocked: image.Unlocked,
		Accel: accel, Machine: host.Machine, Domain: "holm." + spec.Tenant + "." + spec.Name,
		Network: where.Name, PrefixLen: where.Subnet.Bits(), Gateway: where.Gateway(),
		User: spec.User, AuthorizedKeys: spec.AuthorizedKeys, APINames: spec.APINames, Unverified: spec.NoVerify,
		AllowDegraded:     spec.AllowDegraded,
		ResidencyOverride: spec.ResidencyOverride,
		Pool:              cmp.Or(spec.Pool, set.Host.Pool),
	}
	pool, err := c.Pools.In(set, inst.Pool)
	if err != nil {
		return refuse(err)
	}
	if err := tenants.CheckResidency(tenant, inst, set.Host, known(pool)); err != nil {
		return refuse(err)
	}
	ground, err := c.Pools.CheckNew(ctx, pool, inst)
	if err != nil {
		return refuse(err)
	}
	if err := spec.Environment.Apply(&inst.Environment); err != nil {
		return refuse(err)
	}
	return admitted{
		wired: c.Wired(), inst: inst, image: image, survey: ground, set: set, tenant: tenant, network: where,
		memory: memory.Of(set.Host, host.MemoryMiB),
	}, nil
}

// known is a pool, or what stands for the state directory.
func known(pool *model.Pool) model.Pool {
	if pool == nil {
		return model.Pool{}
	}
	return *pool
}

// withKeysOf adds the keys of a tenant to those that were given.
func withKeysOf(tenant model.Tenant, given []string) ([]string, error) {
	keys := slices.Clone(given)
	for _, key := range tenant.AuthorizedKeys {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) > model.MaxKeys {
		return nil, fault.New(fault.Usage, "give the others to the instance once it runs",
			"%d SSH keys, with those of tenant %q, are too many: use at most %d", len(keys), tenant.Name, model.MaxKeys)
	}
	return keys, nil
}

// imageFor finds the image of a spec, and holds it to the profile.
func (c *Creator) imageFor(spec Spec) (images.Manifest, error) {
	image, err := c.Images.Get(spec.Image)
	k3s := spec.Profile == cloudinit.ProfileK3s
	if fault.KindOf(err) == fault.NotFound && k3s && spec.Image == DefaultImage+images.K3sSuffix {
		return image, fault.New(fault.Refused, getK3s,
			"profile k3s needs an image with k3s in it, and there is none: k3s is not in Debian")
	}
	if err != nil || slices.Contains(image.Profiles, spec.Profile) {
		return image, err
	}
	if slices.Contains(image.Profiles, images.Hypervisor) {
		return image, fault.New(fault.ImageUnsuitable, "take an image of instances: holm image ls",
			"image %s is a host's, and no instance can be made of it", fault.Image(image.Name))
	}
	remedy := "see what an image can be: holm image show " + image.Name
	if k3s {
		remedy = getK3s
	}
	return image, fault.New(fault.ImageUnsuitable, remedy, "image %s has no profile %q", fault.Image(image.Name), fault.Profile(spec.Profile))
}

// getK3s is how to come by an image with k3s, word for word.
const getK3s = `get k3s, its images and their checksums, and bake them into an image:
for f in k3s k3s-airgap-images-amd64.tar.zst sha256sum-amd64.txt; do
curl -fLO https://github.com/k3s-io/k3s/releases/download/v1.34.2%2Bk3s1/$f; done
sudo holm image build --k3s ./k3s --k3s-sha256 ./sha256sum-amd64.txt   --k3s-images ./k3s-airgap-images-amd64.tar.zst`

// allocate gives a new record what must be its own: its part of the pool and of memory, identity, addresses. It runs inside the reserving
// transaction, with all instances that there are.
func (a admitted) allocate(existing []model.Instance, inst *model.Instance) error {
	if err := a.survey.Promise(existing, *inst); err != nil {
		return err
	}
	if err := a.memory.Promise(existing, *inst); err != nil {
		return err
	}
	n := a.network
	var addresses []netip.Addr
	macs := maps.Clone(a.wired)
	if macs == nil {
		macs = map[string]bool{}
	}
	for _, e := range existing {
		macs[e.MAC] = true
		if e.Network != inst.Network {
			continue
		}
		addresses = append(addresses, e.Address)
	}
	address, err := network.Allocate(n.Subnet, addresses)
	if err != nil {
		return err
	}
	inst.Address, inst.Address6 = address, n.Address6(address)
	inst.MAC, err = network.MAC(rand.Reader, macs)
	return err
}

// Plan admits a spec and returns what Create would reserve for it now. It changes nothing.
func (c *Creator) Plan(ctx context.Context, spec Spec) (model.Instance, error) {
	wanted, err := c.admit(ctx, spec)
	if err != nil {
		return model.Instance{}, err
	}
	existing, err := c.Records.Instances(ctx)
	if err != nil {
		return model.Instance{}, err
	}
	inst := wanted.inst
	for _, e := range existing {
		if e.Tenant == inst.Tenant && e.Name == inst.Name {
			return model.Instance{}, c.taken(model.Instance{Name: e.Name, Tenant: e.Tenant, State: e.State})
		}
	}
	if err := tenants.OverQuota(wanted.tenant.Within(model.Used(inst.Tenant, existing),
		model.Used(inst.Tenant, []model.Instance{inst}))); err != nil {
		return model.Instance{}, err
	}
	err = wanted.allocate(existing, &inst)
	inst.Environment = inst.Environment.Shown()
	return inst, err
}

// taken is the fault for a name that is in use.
func (c *Creator) taken(inst model.Instance) error {
	since := string(inst.State)
	if !inst.ReadyAt.IsZero() {
		since += " since " + inst.ReadyAt.Local().Format("2006-01-02 15:04")
	}
	return fault.New(fault.InstanceExists, "see it: holm show "+inst.Name+"      another tenant: --tenant NAME",
		"instance %q exists already in tenant %q (%s)", fault.Instance(inst.Name), fault.Tenant(inst.Tenant), since)
}

// stillAdmitted refuses a new instance when what it was admitted by is otherwise by now: nothing but this transaction keeps that.
func (c *Creator) stillAdmitted(a admitted, inst model.Instance) model.Rule {
	return func(around model.Around) error {
		tenant, found := around.Tenant(inst.Tenant)
		if !found { // whether it has to be there, the store knows
			tenant = model.Tenant{Name: inst.Tenant}
		}
		user, _ := around.User(inst.Tenant)
		if !tenant.Created.Equal(a.tenant.Created) || user.UID != inst.UID {
			return operations.Meanwhile("tenant " + model.Quoted(inst.Tenant) + " was removed or made anew")
		}
		pool, found := around.Pool(inst.Pool)
		if found && (pool.Path != a.survey.Pool.Path || pool.Backend != a.survey.Pool.Backend) {
			return operations.Meanwhile("pool " + model.Quoted(inst.Pool) + " was removed and added anew")
		}
		err := errors.Join(c.Networks.SameHost(around), hosts.Emulates(inst, around.Host),
			tenants.CheckResidency(tenant, inst, around.Host, pool))
		if err != nil {
			return operations.OneError(err)
		}
		now, err := c.Networks.Of(tenant)
		if err == nil && (now.Name != a.network.Name || now.Subnet != a.network.Subnet || now.Subnet6 != a.network.Subnet6 ||
			now.Internal != a.network.Internal) {
			err = operations.Meanwhile("tenant " + model.Quoted(inst.Tenant) + " has another network")
		}
		return err
	}
}
