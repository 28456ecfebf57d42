package clitest

import (
	"context"
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/evidence"
	"holm/provisioner/hosts"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/tenants"
	"holm/provisioner/verify"
	"holm/storage/ledger"
)

func (w Proof) Evidence(ctx context.Context, tenant, name string, end func(context.Context) (ledger.Checkpoint, error), o operations.Observer) (evidence.Statement, error) {
	verdict, err := w.Verify(ctx, tenant, name, o)
	if err != nil {
		return evidence.Statement{}, err
	}
	v, err := Instances(w).Show(ctx, tenant, name)
	if err != nil {
		return evidence.Statement{}, err
	}
	at, err := end(ctx)
	return evidence.Statement{
		Type: evidence.StatementType, PredicateType: evidence.PredicateType,
		Subject: []evidence.Subject{{Name: "instance/" + v.ID, Digest: map[string]string{"sha256": strings.TrimPrefix(digest, "sha256:")}}},
		Predicate: evidence.Predicate{
			MadeAt: Now, Host: evidence.Host{Name: at.Host}, Encryption: "none", Audit: evidence.Checkpoint(at), Limits: evidence.Limits(),
			Instance: evidence.Instance{ID: v.ID, Name: v.Name, Tenant: v.Tenant, Accel: v.Accel}, Verified: stated(verdict),
		},
	}, err
}

// stated is a verdict in the form of evidence.
func stated(v verify.Verdict) (all evidence.Verdict) {
	for _, r := range v.Results {
		all.Results = append(all.Results, evidence.Result{ID: r.ID, Side: string(r.Side), Outcome: string(r.Outcome), Found: r.Found})
	}
	return all
}

// Tenants is the world as the verbs about tenants see it.
type Tenants struct{ *World }

func (w Tenants) Add(ctx context.Context, name string, c tenants.Change) (tenants.View, error) {
	w.Tenants = append(w.Tenants, tenants.View{Tenant: model.Tenant{Name: name, Created: Now}})
	return w.Set(ctx, name, c)
}

func (w Tenants) Set(ctx context.Context, name string, c tenants.Change) (tenants.View, error) {
	if _, err := w.Show(ctx, name); err != nil {
		return tenants.View{}, err
	}
	v := &w.Tenants[slices.IndexFunc(w.Tenants, func(v tenants.View) bool { return v.Name == name })]
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
	v.InForce = environment.Merge(model.Environment{}, v.Environment, w.Host.Environment, environment.Resolver{}, true).Shown()
	return *v, w.FailWith
}

func (w Tenants) Show(_ context.Context, name string) (tenants.View, error) {
	for _, v := range w.Tenants {
		if v.Name == name {
			return v, w.FailWith
		}
	}
	return tenants.View{}, fault.New(fault.NotFound, "see what there is: holm tenant ls", "there is no tenant %q on record", name)
}

func (w Tenants) List(context.Context) ([]tenants.View, error) {
	return w.Tenants, w.FailWith
}

func (w Tenants) Remove(_ context.Context, name string) error {
	w.Calls = append(w.Calls, "remove tenant "+name)
	return w.FailWith
}

func (w Sizes) Flavors(context.Context) ([]model.Flavor, error) {
	all := []model.Flavor{{Name: "tiny", VCPUs: 1, MemoryMiB: 512, DiskGiB: 10}}
	return append(all, w.World.Flavors...), w.FailWith
}

func (w Sizes) SetFlavor(_ context.Context, name string, c hosts.FlavorChange) (model.Flavor, error) {
	f := model.Flavor{Name: name, VCPUs: 1, MemoryMiB: 512, DiskGiB: 10}
	for from, to := range map[*int]*int{
		c.CPUPercent: &f.Limits.CPUPercent, c.IOPS: &f.Limits.IOPS, c.IOPSBurst: &f.Limits.IOPSBurst, c.MemoryMiB: &f.MemoryMiB,
	} {
		if from != nil {
			*to = *from
		}
	}
	w.World.Flavors = append(w.World.Flavors, f)
	return f, w.FailWith
}

func (w Sizes) ResetFlavor(_ context.Context, name string) error {
	w.Calls = append(w.Calls, "reset flavor "+name)
	return w.FailWith
}

func (w Instances) Expose(ctx context.Context, tenant, name string, ports []model.Port, _ operations.Observer) (model.Instance, error) {
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

func (w Instances) SetEnvironment(ctx context.Context, tenant, name string, c environment.Change, _ operations.Observer) (model.Instance, error) {
	v, err := w.find(ctx, tenant, name)
	if err != nil {
		return model.Instance{}, err
	}
	err = c.Apply(&v.Environment)
	v.InForce = environment.Merge(v.Environment, model.Environment{}, w.Host.Environment, environment.Resolver{}, true).Shown()
	return v.Instance, err
}

// Nameless is so for what is called so.
func (w Instances) Nameless(_ context.Context, inst model.Instance) (string, error) {
	if inst.Name != "nameless" {
		return "", w.FailWith
	}
	return "no name will resolve in it: this host has no name server", w.FailWith
}

func (w Instances) Unexpose(ctx context.Context, tenant, name string, ports []model.Port, _ operations.Observer) (model.Instance, error) {
	v, err := w.find(ctx, tenant, name)
	if err != nil {
		return model.Instance{}, err
	}
	for _, port := range ports {
		v.Exposed = slices.DeleteFunc(v.Exposed, func(e model.Port) bool { return e.Compare(port) == 0 })
	}
	return v.Instance, nil
}

func (w Instances) Exposures(_ context.Context, tenant, name string) (all []instances.Exposure, err error) {
	for _, v := range w.Instances {
		if name != "" && (v.Tenant != tenant || v.Name != name) {
			continue
		}
		for _, port := range v.Exposed {
			all = append(all, instances.Exposure{Port: port, Tenant: v.Tenant, Name: v.Name, Address: v.Address, State: model.State(v.Status)})
		}
	}
	return all, w.FailWith
}

func (w Tenants) RotateKey(ctx context.Context, tenant string) (string, int, error) {
	if _, err := w.Show(ctx, tenant); err != nil {
		return "", 0, err
	}
	return "0123456789abcdef", 2, nil
}
