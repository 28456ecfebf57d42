package provisioner

import (
	"context"
	"errors"
	"slices"
	"strings"

	"holm/cloudinit"
	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/model"
	"holm/provisioner/residency"
	"holm/storage/records"
)

// maxQuota is the most that may be set, far beyond any host: sums of it stay numbers.
const maxQuota = 1 << 30

// TenantView is a tenant as it is shown: its record, and what its instances have.
type TenantView struct {
	model.Tenant
	Used model.Resources `json:"used"`
	// UID is the host's user, and group, under which its QEMUs run; 0 is none yet: it is given with the first instance.
	UID int `json:"uid,omitempty"`
	// InForce is what its instances are told of the world, where they say nothing themselves, without passwords.
	InForce environment.InForce `json:"in_force"`
}

// TenantChange is what is to be set of a tenant; nil leaves it as it is.
type TenantChange struct {
	Instances, CPUs, MemoryMiB, DiskGiB *int // 0 is no limit
	AuthorizedKeys                      []string
	Residency                           *string // "NO,SE", "EEA"; "" is everywhere
	Subnet                              *string // "10.5.0.0/24"; nil and "" for a new tenant is one of the host's pool
	Egress                              *string // "allow", "deny", "192.0.2.0/24,2001:db8::/32"
	Internal                            *bool   // its instances may speak to each other
	Environment                         environment.Change
}

// AddTenant makes a tenant; it owns nothing yet.
func (p *Provisioner) AddTenant(ctx context.Context, name string, c TenantChange) (TenantView, error) {
	if err := validateName("tenant", name); err != nil {
		return TenantView{}, err
	}
	tenant := model.Tenant{Name: name, Created: p.Now().UTC()}
	if err := c.apply(&tenant); err != nil {
		return TenantView{}, err
	}
	instances, err := p.Records.Instances(ctx) // the default one, and those from before there were tenants, may have some
	if err != nil {
		return TenantView{}, err
	}
	view := TenantView{Tenant: tenant, Used: model.Used(name, instances)}
	if err := tooTight(tenant, view.Used); err != nil {
		return view, err
	}
	if err := p.prepare(); err != nil {
		return TenantView{}, err
	}
	release, err := p.holdNetwork(ctx)
	if err != nil {
		return TenantView{}, err
	}
	defer release()
	if view.Tenant, err = p.withNetwork(ctx, tenant, c); err != nil {
		return TenantView{}, err
	}
	err = p.Records.AddTenant(ctx, view.Tenant, p.apart(view.Tenant), p.sameHost)
	if errors.Is(err, records.ErrExists) {
		return TenantView{}, fault.New(fault.Exists, "see it: holm tenant show "+name, "tenant %q exists already", name)
	}
	if err == nil {
		tenant, view = view.Tenant, view.shown(p.hostSays(ctx))
	}
	if err != nil || view.Network == nil {
		return view, err
	}
	return view, oneError(p.guardTenant(ctx, tenant), p.shared(ctx, 1))
}

// SetTenant changes a tenant. A quota below what its instances have is refused.
func (p *Provisioner) SetTenant(ctx context.Context, name string, c TenantChange) (TenantView, error) {
	if err := validateName("tenant", name); err != nil {
		return TenantView{}, err
	}
	if err := p.prepare(); err != nil {
		return TenantView{}, err
	}
	release, err := p.holdNetwork(ctx)
	if err != nil {
		return TenantView{}, err
	}
	defer release()
	var view TenantView
	tenant, err := p.Records.UpdateTenant(ctx, name, func(t *model.Tenant, used model.Resources) error {
		if err := errors.Join(c.apply(t), c.applyNetwork(t, used)); err != nil {
			return oneError(err)
		}
		view = TenantView{Tenant: *t, Used: used}
		return tooTight(*t, used)
	})
	if errors.Is(err, records.ErrNotFound) {
		return view, noTenant(name)
	}
	if err != nil {
		return view, err
	}
	if view = view.shown(p.hostSays(ctx)); c.Egress == nil {
		return view, nil
	}
	return view, p.guardTenant(ctx, tenant)
}

// shown is the view as it may be seen by others: what is in force, and no passwords.
func (v TenantView) shown(host model.Environment, found environment.Resolver) TenantView {
	v.InForce = environment.Merge(model.Environment{}, v.Environment, host, found, true).Shown()
	v.Environment = v.Environment.Shown()
	return v
}

// hostSays is what the host and its resolver say of the world; nothing when that cannot be read.
func (p *Provisioner) hostSays(ctx context.Context) (model.Environment, environment.Resolver) {
	host, err := p.Records.Host(ctx)
	if err != nil {
		return model.Environment{}, environment.Resolver{}
	}
	return host.Environment, p.Resolver()
}

// tooTight refuses a quota below what is used.
func tooTight(t model.Tenant, used model.Resources) error {
	over, ok := errors.AsType[*model.OverQuota](t.Within(model.Resources{}, used))
	if !ok {
		return nil
	}
	return fault.New(fault.Refused, "remove some first: holm ls --tenant "+t.Name,
		"tenant %q has %d %s, and cannot be held to %d", t.Name, over.Asked, over.What, over.Quota)
}

func (c TenantChange) apply(t *model.Tenant) error {
	for _, one := range []struct {
		what string
		from *int
		to   *int
	}{
		{"instances", c.Instances, &t.Quota.Instances},
		{"CPUs", c.CPUs, &t.Quota.CPUs},
		{"MiB of memory", c.MemoryMiB, &t.Quota.MemoryMiB},
		{"GiB of disk", c.DiskGiB, &t.Quota.DiskGiB},
	} {
		if one.from == nil {
			continue
		}
		if *one.from < 0 || *one.from > maxQuota {
			return fault.New(fault.Usage, "use 0 for no limit", "a quota of %d %s is not possible", *one.from, one.what)
		}
		*one.to = *one.from
	}
	if c.Residency != nil {
		rule, err := residency.ParseRule(*c.Residency)
		if err != nil {
			return err
		}
		t.Residency = rule
	}
	if err := c.Environment.Apply(&t.Environment); err != nil {
		return err
	}
	if c.AuthorizedKeys == nil {
		return nil
	}
	if len(c.AuthorizedKeys) > maxKeys {
		return fault.New(fault.Usage, "give the others to the instances",
			"%d SSH keys are too many: use at most %d", len(c.AuthorizedKeys), maxKeys)
	}
	for _, key := range c.AuthorizedKeys {
		if err := cloudinit.ValidateKey(key); err != nil {
			return err
		}
	}
	t.AuthorizedKeys = slices.Clone(c.AuthorizedKeys)
	return nil
}

// Tenant returns one tenant with what it uses.
func (p *Provisioner) Tenant(ctx context.Context, name string) (TenantView, error) {
	if err := validateName("tenant", name); err != nil {
		return TenantView{}, err
	}
	all, err := p.Tenants(ctx)
	if err != nil {
		return TenantView{}, err
	}
	at := slices.IndexFunc(all, func(v TenantView) bool { return v.Name == name })
	if at < 0 {
		return TenantView{}, noTenant(name)
	}
	return all[at], nil
}

// Tenants returns all tenants, sorted by name: those on record, the default one, and those that have instances from before
// there were tenants.
func (p *Provisioner) Tenants(ctx context.Context) ([]TenantView, error) {
	recorded, err := p.Records.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	instances, err := p.Records.Instances(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, t := range recorded {
		known[t.Name] = true
	}
	if !known[DefaultTenant] {
		recorded, known[DefaultTenant] = append(recorded, model.Tenant{Name: DefaultTenant}), true
	}
	for _, inst := range instances {
		if !known[inst.Tenant] {
			recorded, known[inst.Tenant] = append(recorded, model.Tenant{Name: inst.Tenant}), true
		}
	}
	slices.SortFunc(recorded, func(a, b model.Tenant) int { return strings.Compare(a.Name, b.Name) })
	given, err := p.Records.Users(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]TenantView, len(recorded))
	host, found := p.hostSays(ctx)
	for i, t := range recorded {
		views[i] = TenantView{Tenant: t, Used: model.Used(t.Name, instances), UID: userIn(given, t.Name).UID}.shown(host, found)
	}
	return views, nil
}

// RemoveTenant forgets a tenant that has no instances.
func (p *Provisioner) RemoveTenant(ctx context.Context, name string) error {
	if err := validateName("tenant", name); err != nil {
		return err
	}
	given, err := p.Records.Users(ctx)
	if err != nil {
		return err
	}
	err = p.Records.DropTenant(ctx, name, func(living []model.Instance) error {
		if len(living) == 0 {
			return nil
		}
		return fault.New(fault.Busy, "remove them first: holm rm --tenant "+name+" NAME", "tenant %q has instances: %s", name, someOf(living))
	})
	if errors.Is(err, records.ErrNotFound) {
		return noTenant(name)
	}
	if err != nil {
		return err
	}
	return oneError(p.dismiss(given, name), p.reshared(ctx))
}

// reshared is shared after a tenant is gone.
func (p *Provisioner) reshared(ctx context.Context) error {
	release, err := p.holdNetwork(ctx)
	if err != nil {
		return err
	}
	defer release()
	return p.shared(ctx, -1)
}

// owner is the tenant that a new instance is for. The default one needs no record.
func (p *Provisioner) owner(ctx context.Context, name string) (model.Tenant, error) {
	tenant, err := p.Records.Tenant(ctx, name)
	if !errors.Is(err, records.ErrNotFound) {
		return tenant, err
	}
	if name == DefaultTenant {
		return model.Tenant{Name: name}, nil
	}
	have, err := p.Records.List(ctx, name)
	if err != nil {
		return tenant, err
	}
	if len(have) == 0 {
		return tenant, fault.New(fault.NotFound, "make it: holm tenant create "+name+"      see what there is: holm tenant ls",
			"there is no tenant %q", name)
	}
	return model.Tenant{Name: name}, nil
}

func noTenant(name string) error {
	return fault.New(fault.NotFound, "see what there is: holm tenant ls", "there is no tenant %q on record", name)
}

// overQuota words for a person what the records refused.
func overQuota(err error) error {
	over, ok := errors.AsType[*model.OverQuota](err)
	if !ok {
		return err
	}
	return fault.New(fault.Refused,
		"see: holm tenant show "+over.Tenant+"      let it have more: holm tenant set "+over.Tenant+" --help", "%w", over)
}
