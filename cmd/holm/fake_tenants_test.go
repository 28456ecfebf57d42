package main

import (
	"context"
	"slices"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/environment"
	"holm/provisioner/evidence"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/storage/ledger"
)

func (w *world) Evidence(ctx context.Context, tenant, name string, end func(context.Context) (ledger.Checkpoint, error), o provisioner.Observer) (evidence.Statement, error) {
	verdict, err := w.Verify(ctx, tenant, name, o)
	if err != nil {
		return evidence.Statement{}, err
	}
	v, err := w.Show(ctx, tenant, name)
	if err != nil {
		return evidence.Statement{}, err
	}
	at, err := end(ctx)
	return evidence.Statement{
		Type: evidence.StatementType, PredicateType: evidence.PredicateType,
		Predicate: evidence.Predicate{
			MadeAt: now, Host: evidence.Host{Name: at.Host}, Instance: v.Instance, Encryption: "none", Verified: verdict, Audit: at, Limits: evidence.Limits(),
		},
	}, err
}

func (w *world) AddTenant(ctx context.Context, name string, c provisioner.TenantChange) (provisioner.TenantView, error) {
	w.tenants = append(w.tenants, provisioner.TenantView{Tenant: model.Tenant{Name: name, Created: now}})
	return w.SetTenant(ctx, name, c)
}

func (w *world) SetTenant(ctx context.Context, name string, c provisioner.TenantChange) (provisioner.TenantView, error) {
	if _, err := w.Tenant(ctx, name); err != nil {
		return provisioner.TenantView{}, err
	}
	v := &w.tenants[slices.IndexFunc(w.tenants, func(v provisioner.TenantView) bool { return v.Name == name })]
	for from, to := range map[*int]*int{
		c.Instances: &v.Quota.Instances, c.CPUs: &v.Quota.CPUs, c.MemoryMiB: &v.Quota.MemoryMiB, c.DiskGiB: &v.Quota.DiskGiB,
	} {
		if from != nil {
			*to = *from
		}
	}
	v.AuthorizedKeys = append(v.AuthorizedKeys, c.AuthorizedKeys...)
	if err := c.Environment.Apply(&v.Environment); err != nil {
		return *v, err
	}
	v.InForce = environment.Merge(model.Environment{}, v.Environment, w.host.Environment, environment.Resolver{}, true).Shown()
	return *v, w.failWith
}

func (w *world) Tenant(_ context.Context, name string) (provisioner.TenantView, error) {
	for _, v := range w.tenants {
		if v.Name == name {
			return v, w.failWith
		}
	}
	return provisioner.TenantView{}, fault.New(fault.NotFound, "see what there is: holm tenant ls", "there is no tenant %q on record", name)
}

func (w *world) Tenants(context.Context) ([]provisioner.TenantView, error) {
	return w.tenants, w.failWith
}

func (w *world) RemoveTenant(_ context.Context, name string) error {
	w.calls = append(w.calls, "remove tenant "+name)
	return w.failWith
}

func (w *world) Flavors(context.Context) ([]model.Flavor, error) {
	all := []model.Flavor{{Name: "tiny", VCPUs: 1, MemoryMiB: 512, DiskGiB: 10}}
	return append(all, w.flavors...), w.failWith
}

func (w *world) SetFlavor(_ context.Context, name string, c provisioner.FlavorChange) (model.Flavor, error) {
	f := model.Flavor{Name: name, VCPUs: 1, MemoryMiB: 512, DiskGiB: 10}
	for from, to := range map[*int]*int{
		c.CPUPercent: &f.Limits.CPUPercent, c.IOPS: &f.Limits.IOPS, c.IOPSBurst: &f.Limits.IOPSBurst, c.MemoryMiB: &f.MemoryMiB,
	} {
		if from != nil {
			*to = *from
		}
	}
	w.flavors = append(w.flavors, f)
	return f, w.failWith
}

func (w *world) ResetFlavor(_ context.Context, name string) error {
	w.calls = append(w.calls, "reset flavor "+name)
	return w.failWith
}

func (w *world) Expose(ctx context.Context, tenant, name string, ports []network.Port, _ provisioner.Observer) (model.Instance, error) {
	v, err := w.find(ctx, tenant, name)
	if err != nil {
		return model.Instance{}, err
	}
	for _, port := range ports {
		v.Exposed = append(v.Exposed, model.Port(port))
	}
	inst := v.Instance
	inst.State = model.State(v.Status)
	return inst, nil
}

func (w *world) SetEnvironment(ctx context.Context, tenant, name string, c environment.Change, _ provisioner.Observer) (model.Instance, error) {
	v, err := w.find(ctx, tenant, name)
	if err != nil {
		return model.Instance{}, err
	}
	err = c.Apply(&v.Environment)
	v.InForce = environment.Merge(v.Environment, model.Environment{}, w.host.Environment, environment.Resolver{}, true).Shown()
	return v.Instance, err
}

// Nameless is so for what is called so.
func (w *world) Nameless(_ context.Context, inst model.Instance) (string, error) {
	if inst.Name != "nameless" {
		return "", w.failWith
	}
	return "no name will resolve in it: this host has no name server", w.failWith
}

func (w *world) Unexpose(ctx context.Context, tenant, name string, ports []network.Port, _ provisioner.Observer) (model.Instance, error) {
	v, err := w.find(ctx, tenant, name)
	if err != nil {
		return model.Instance{}, err
	}
	for _, port := range ports {
		v.Exposed = slices.DeleteFunc(v.Exposed, func(e model.Port) bool { return network.Port(e).Compare(port) == 0 })
	}
	return v.Instance, nil
}

func (w *world) Exposures(_ context.Context, tenant, name string) (all []provisioner.Exposure, err error) {
	for _, v := range w.instances {
		if name != "" && (v.Tenant != tenant || v.Name != name) {
			continue
		}
		for _, port := range v.Exposed {
			all = append(all, provisioner.Exposure{Port: port, Tenant: v.Tenant, Name: v.Name, Address: v.Address, State: model.State(v.Status)})
		}
	}
	return all, w.failWith
}

func (w *world) RotateKey(ctx context.Context, tenant string) (string, int, error) {
	if _, err := w.Tenant(ctx, tenant); err != nil {
		return "", 0, err
	}
	return "0123456789abcdef", 2, nil
}
