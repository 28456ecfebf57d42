package tenants

import (
	"context"
	"errors"
	"slices"
	"strings"

	"holm/cloudinit"
	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/residency"
	"holm/storage/records"
)

// maxQuota is the most that may be set, far beyond any host: sums of it stay numbers.
const maxQuota = 1 << 30

// View is a tenant as it is shown: its record, and what its instances have.
type View struct {
	model.Tenant
	Used model.Resources `json:"used"`
	// UID is the host's user, and group, under which its QEMUs run; 0 is none yet: it is given with the first instance.
	UID int `json:"uid,omitempty"`
	// InForce is what its instances are told of the world, where they say nothing themselves, without passwords.
	InForce environment.InForce `json:"in_force"`
}

// Change is what is to be set of a tenant; nil leaves it as it is.
type Change struct {
	Instances, CPUs, MemoryMiB, DiskGiB *int // 0 is no limit
	AuthorizedKeys                      []string
	Residency                           *string // "NO,SE", "EEA"; "" is everywhere
	Subnet                              *string // "10.5.0.0/24"; nil and "" for a new tenant is one of the host's pool
	Egress                              *string // "allow", "deny", "192.0.2.0/24,2001:db8::/32"
	Internal                            *bool   // its instances may speak to each other
	Environment                         environment.Change
}

// Add makes a tenant; it owns nothing yet.
func (svc *Service) Add(ctx context.Context, name string, c Change) (View, error) {
	if err := model.ValidateName("tenant", name); err != nil {
		return View{}, err
	}
	tenant := model.Tenant{Name: name, Created: svc.Now().UTC()}
	if err := c.apply(&tenant); err != nil {
		return View{}, err
	}
	instances, err := svc.Records.Instances(ctx) // the default one, and those from before there were tenants, may have some
	if err != nil {
		return View{}, err
	}
	view := View{Tenant: tenant, Used: model.Used(name, instances)}
	if err := tooTight(tenant, view.Used); err != nil {
		return view, err
	}
	if err := svc.Operations.Prepare(); err != nil {
		return View{}, err
	}
	release, err := svc.Operations.HoldNetwork(ctx)
	if err != nil {
		return View{}, err
	}
	defer release()
	if view.Tenant, err = svc.withNetwork(ctx, tenant, c); err != nil {
		return View{}, err
	}
	err = svc.Records.AddTenant(ctx, view.Tenant, svc.apart(view.Tenant), svc.Networks.SameHost)
	if errors.Is(err, records.ErrExists) {
		return View{}, fault.New(fault.TenantExists, "see it: holm tenant show "+name, "tenant %q exists already", fault.Tenant(name))
	}
	if err == nil {
		tenant, view = view.Tenant, view.shown(svc.hostSays(ctx))
	}
	if err != nil || view.Network == nil {
		return view, err
	}
	return view, operations.OneError(svc.guardTenant(ctx, tenant), svc.Networks.Shared(ctx, 1))
}

// Set changes a tenant. A quota below what its instances have is refused.
func (svc *Service) Set(ctx context.Context, name string, c Change) (View, error) {
	if err := model.ValidateName("tenant", name); err != nil {
		return View{}, err
	}
	if err := svc.Operations.Prepare(); err != nil {
		return View{}, err
	}
	release, err := svc.Operations.HoldNetwork(ctx)
	if err != nil {
		return View{}, err
	}
	defer release()
	var view View
	tenant, err := svc.Records.UpdateTenant(ctx, name, func(t *model.Tenant, used model.Resources) error {
		if err := errors.Join(c.apply(t), c.applyNetwork(t, used)); err != nil {
			return operations.OneError(err)
		}
		view = View{Tenant: *t, Used: used}
		return tooTight(*t, used)
	})
	if errors.Is(err, records.ErrNotFound) {
		return view, noTenant(name)
	}
	if err != nil {
		return view, err
	}
	if view = view.shown(svc.hostSays(ctx)); c.Egress == nil {
		return view, nil
	}
	return view, svc.guardTenant(ctx, tenant)
}

// shown is the view as it may be seen by others: what is in force, and no passwords.
func (v View) shown(host model.Environment, found environment.Resolver) View {
	v.InForce = environment.Merge(model.Environment{}, v.Environment, host, found, true).Shown()
	v.Environment = v.Environment.Shown()
	return v
}

// hostSays is what the host and its resolver say of the world; nothing when that cannot be read.
func (svc *Service) hostSays(ctx context.Context) (model.Environment, environment.Resolver) {
	host, err := svc.Records.Host(ctx)
	if err != nil {
		return model.Environment{}, environment.Resolver{}
	}
	return host.Environment, svc.Resolver()
}

// tooTight refuses a quota below what is used.
func tooTight(t model.Tenant, used model.Resources) error {
	over, ok := errors.AsType[*model.OverQuota](t.Within(model.Resources{}, used))
	if !ok {
		return nil
	}
	return fault.New(fault.QuotaBelowUse, "remove some first: holm ls --tenant "+t.Name,
		"tenant %q has %d %s, and cannot be held to %d", fault.Tenant(t.Name), fault.Used(over.Asked), fault.Unit(over.What),
		fault.Limit(over.Quota))
}

func (c Change) apply(t *model.Tenant) error {
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
	if len(c.AuthorizedKeys) > model.MaxKeys {
		return fault.New(fault.Usage, "give the others to the instances",
			"%d SSH keys are too many: use at most %d", len(c.AuthorizedKeys), model.MaxKeys)
	}
	for _, key := range c.AuthorizedKeys {
		if err := cloudinit.ValidateKey(key); err != nil {
			return err
		}
	}
	t.AuthorizedKeys = slices.Clone(c.AuthorizedKeys)
	return nil
}

// Show returns one tenant with what it uses.
func (svc *Service) Show(ctx context.Context, name string) (View, error) {
	if err := model.ValidateName("tenant", name); err != nil {
		return View{}, err
	}
	all, err := svc.List(ctx)
	if err != nil {
		return View{}, err
	}
	at := slices.IndexFunc(all, func(v View) bool { return v.Name == name })
	if at < 0 {
		return View{}, noTenant(name)
	}
	return all[at], nil
}

// List returns all tenants, sorted by name: those on record, the default one, and those that have instances from before
// there were tenants.
func (svc *Service) List(ctx context.Context) ([]View, error) {
	recorded, err := svc.Records.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	instances, err := svc.Records.Instances(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, t := range recorded {
		known[t.Name] = true
	}
	if !known[model.DefaultTenant] {
		recorded, known[model.DefaultTenant] = append(recorded, model.Tenant{Name: model.DefaultTenant}), true
	}
	for _, inst := range instances {
		if !known[inst.Tenant] {
			recorded, known[inst.Tenant] = append(recorded, model.Tenant{Name: inst.Tenant}), true
		}
	}
	slices.SortFunc(recorded, func(a, b model.Tenant) int { return strings.Compare(a.Name, b.Name) })
	given, err := svc.Records.Users(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]View, len(recorded))
	host, found := svc.hostSays(ctx)
	for i, t := range recorded {
		views[i] = View{Tenant: t, Used: model.Used(t.Name, instances), UID: UserIn(given, t.Name).UID}.shown(host, found)
	}
	return views, nil
}

// Remove forgets a tenant that has no instances.
func (svc *Service) Remove(ctx context.Context, name string) error {
	if err := model.ValidateName("tenant", name); err != nil {
		return err
	}
	given, err := svc.Records.Users(ctx)
	if err != nil {
		return err
	}
	err = svc.Records.DropTenant(ctx, name, func(living []model.Instance) error {
		if len(living) == 0 {
			return nil
		}
		return fault.New(fault.TenantNotEmpty, "remove them first: holm rm --tenant "+name+" NAME",
			"tenant %q has instances: %s", fault.Tenant(name),
			model.SomeOf(living))
	})
	if errors.Is(err, records.ErrNotFound) {
		return noTenant(name)
	}
	if err != nil {
		return err
	}
	return operations.OneError(svc.releaseUser(given, name), svc.reshared(ctx))
}

// reshared is shared after a tenant is gone.
func (svc *Service) reshared(ctx context.Context) error {
	release, err := svc.Operations.HoldNetwork(ctx)
	if err != nil {
		return err
	}
	defer release()
	return svc.Networks.Shared(ctx, -1)
}

// Owner is the tenant that a new instance is for. The default one needs no record.
func (svc *Service) Owner(ctx context.Context, set model.Settings, name string) (model.Tenant, error) {
	tenant, found := set.Tenant(name)
	if found {
		return tenant, nil
	}
	if name == model.DefaultTenant {
		return model.Tenant{Name: name}, nil
	}
	have, err := svc.Records.List(ctx, name)
	if err != nil {
		return tenant, err
	}
	if len(have) == 0 {
		return tenant, fault.New(fault.TenantNotFound, "make it: holm tenant create "+name+"      see what there is: holm tenant ls",
			"there is no tenant %q", fault.Tenant(name))
	}
	return model.Tenant{Name: name}, nil
}

func noTenant(name string) error {
	return fault.New(fault.TenantNotFound, "see what there is: holm tenant ls", "there is no tenant %q on record", fault.Tenant(name))
}

// OverQuota words for a person what the records refused.
func OverQuota(err error) error {
	over, ok := errors.AsType[*model.OverQuota](err)
	if !ok {
		return err
	}
	return fault.New(fault.QuotaExceeded,
		"see: holm tenant show "+over.Tenant+"      let it have more: holm tenant set "+over.Tenant+" --help", "%w", over).
		With(fault.Tenant(over.Tenant), fault.Unit(over.What), fault.Used(over.Used), fault.Asked(over.Asked), fault.Limit(over.Quota))
}
