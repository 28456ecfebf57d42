package provisioner_test

import (
	"context"
	"fmt"
	"path/filepath"

	"holm/provisioner"
	"holm/provisioner/environment"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/provisioner/tenants"
	"holm/storage/ledger"
	"holm/storage/records"
)

// verb is one command line of somebody's.
type verb struct {
	name string
	run  func(ctx context.Context, p *provisioner.Engine) error
}

// focus is an instance on which a round's verbs meet, mostly.
type focus struct{ tenant, name string }

func (b *bustle) focus() focus {
	if all, err := b.records.Instances(b.t.Context()); err == nil && len(all) > 0 && b.c.below(4) > 0 {
		inst := pick(b.c, all...)
		return focus{inst.Tenant, inst.Name}
	}
	return focus{pick(b.c, "default", "acme", "bolt"), pick(b.c, "web", "db")}
}

// lines are what one person types, one after the other, whatever comes of each.
func (b *bustle) lines(f focus) (lines []verb) {
	for range 1 + b.c.below(3) {
		at := f
		if b.c.below(4) == 0 {
			at = b.focus()
		}
		lines = append(lines, b.any(at))
	}
	return lines
}

// ground changes what an instance is made on. Most of that can change only while nobody is there.
func (b *bustle) ground(f focus) (lines []verb) {
	of := pick(b.c, func() verb { return b.ofTenants(f.tenant) }, b.ofHost, b.ofPools, b.ofImages)
	for range 3 {
		lines = append(lines, of())
	}
	return lines
}

func (b *bustle) create(f focus) verb {
	spec := instances.Spec{Name: f.name, Tenant: f.tenant, Flavor: "tiny", Pool: pick(b.c, "", "fast"), DiskGiB: 10 + b.c.below(3)}
	return verb{fmt.Sprintf("create %s/%s in %q", f.tenant, f.name, spec.Pool), func(ctx context.Context, p *provisioner.Engine) error {
		_, err := p.Instances.Create(ctx, spec, nil)
		return err
	}}
}

// any is a verb for somebody, something and somewhere.
func (b *bustle) any(f focus) verb {
	c := b.c
	tenant, name := f.tenant, f.name
	of := func(what string) string { return what + " " + tenant + "/" + name }
	type method func(*instances.Service, context.Context, string, string, operations.Observer) (model.Instance, error)
	one := func(what string, do method) verb {
		return verb{of(what), func(ctx context.Context, p *provisioner.Engine) error {
			_, err := do(p.Instances, ctx, tenant, name, nil)
			return err
		}}
	}
	switch c.below(24) {
	case 0, 1, 2, 3, 4, 5:
		return b.create(f)
	case 6:
		return verb{of("rm"), func(ctx context.Context, p *provisioner.Engine) error {
			return p.Instances.Remove(ctx, tenant, name, nil)
		}}
	case 7:
		return one("start", (*instances.Service).Start)
	case 8:
		force := c.below(2) == 0
		return verb{of("stop"), func(ctx context.Context, p *provisioner.Engine) error {
			return p.Instances.Stop(ctx, tenant, name, force, nil)
		}}
	case 9:
		return one("restart", (*instances.Service).Restart)
	case 10:
		gib := 10 + c.below(6)
		return verb{of("resize"), func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Instances.Resize(ctx, tenant, name, gib, nil)
			return err
		}}
	case 11:
		image := pick(c, b.lib.all...).Digest
		return verb{of("rebuild"), func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Instances.Rebuild(ctx, tenant, name, image, nil)
			return err
		}}
	case 12, 13:
		return b.ofPorts(tenant, name)
	case 14:
		return verb{of("verify"), func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Proof.Verify(ctx, tenant, name, nil)
			return err
		}}
	case 15:
		change := environment.Change{Nameservers: &[]string{"192.0.2.53"}}
		return verb{of("set"), func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Instances.SetEnvironment(ctx, tenant, name, change, nil)
			return err
		}}
	case 16, 17, 18:
		return b.ofTenants(tenant)
	case 19:
		return b.ofImages()
	case 20, 21:
		return b.ofPools()
	case 22:
		return b.ofHost()
	}
	return b.ofTimers(tenant, name)
}

func (b *bustle) ofPorts(tenant, name string) verb {
	ports := []model.Port{{Protocol: "tcp", Host: pick[uint16](b.c, 443, 8443), Guest: pick[uint16](b.c, 443, 80)}}
	do, what := (*instances.Service).Expose, "expose "
	if b.c.below(3) == 0 {
		do, what = (*instances.Service).Unexpose, "unexpose "
	}
	return verb{fmt.Sprint(what, tenant, "/", name, " ", ports[0].Host), func(ctx context.Context, p *provisioner.Engine) error {
		_, err := do(p.Instances, ctx, tenant, name, ports, nil)
		return err
	}}
}

func (b *bustle) ofTenants(tenant string) verb {
	switch b.c.below(5) {
	case 0:
		return verb{"tenant rm " + tenant, func(ctx context.Context, p *provisioner.Engine) error { return p.Tenants.Remove(ctx, tenant) }}
	case 1:
		change := tenants.Change{Instances: new(1 + b.c.below(2)), DiskGiB: new(20 + b.c.below(10))}
		change.Egress = pick(b.c, new("allow"), new("deny"))
		return verb{"tenant set " + tenant, func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Tenants.Set(ctx, tenant, change)
			return err
		}}
	case 2:
		return verb{"rotate-key " + tenant, func(ctx context.Context, p *provisioner.Engine) error {
			_, _, err := p.Tenants.RotateKey(ctx, tenant)
			return err
		}}
	}
	return verb{"tenant create " + tenant, func(ctx context.Context, p *provisioner.Engine) error {
		_, err := p.Tenants.Add(ctx, tenant, tenants.Change{})
		return err
	}}
}

func (b *bustle) ofImages() verb {
	digest := pick(b.c, b.lib.all...).Digest
	return verb{"image rm", func(ctx context.Context, p *provisioner.Engine) error {
		defer b.lib.build(b.lib.all[0].Digest) // so that there is mostly one
		return p.Instances.WithImageUsers(ctx, func(users map[string][]string) error {
			b.lib.stir()
			return b.lib.remove(digest, users[digest])
		})
	}}
}

func (b *bustle) ofPools() verb {
	if b.c.below(3) == 0 {
		return verb{"pool rm", func(ctx context.Context, p *provisioner.Engine) error { return p.Pools.Remove(ctx, "fast") }}
	}
	return verb{"pool add", func(ctx context.Context, p *provisioner.Engine) error {
		_, err := p.Pools.Add(ctx, pools.Spec{Name: "fast", Path: b.path})
		return err
	}}
}

func (b *bustle) ofHost() verb {
	set := func(ctx context.Context, change func(h *model.Host), rule model.Rule) error {
		_, err := records.Open(filepath.Join(b.dir, "holm.db")).SetHost(ctx, func(h *model.Host) error { change(h); return nil }, rule)
		return err
	}
	if b.c.below(2) == 0 {
		pool := pick(b.c, "fast", "")
		rule := pools.MayHavePool(pool)
		if pool == "" {
			rule = func(model.Around) error { return nil }
		}
		return verb{"host set --pool " + pool, func(ctx context.Context, p *provisioner.Engine) error {
			return set(ctx, func(h *model.Host) { h.Pool = pool }, rule)
		}}
	}
	n, err := network.Named(pick(b.c, "holm-b", "holm-c"), pick(b.c, "10.78.0.0/24", "10.200.0.0/24"))
	must(b.t, err)
	return verb{"host set --network " + n.Name, func(ctx context.Context, p *provisioner.Engine) error {
		return set(ctx, func(h *model.Host) { h.Network, h.Subnet = n.Name, n.Subnet }, networks.MayHaveNetwork(n))
	}}
}

// ofTimers is what runs by itself, and what looks.
func (b *bustle) ofTimers(tenant, name string) verb {
	return pick(b.c,
		verb{"reconcile", func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Instances.Reconcile(ctx)
			return err
		}},
		verb{"keep-walls", func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Networks.KeepWalls(ctx)
			return err
		}},
		verb{"unstall", func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Instances.Unstall(ctx)
			return err
		}},
		verb{"evidence", func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Proof.Evidence(ctx, tenant, name, upTo(ledger.Checkpoint{}), nil)
			return err
		}})
}
