package provisioner_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"holm/provisioner/model"
)

// uidsNow are the users of the tenants that there are.
func (a *account) uidsNow() (now map[string]int) {
	given, err := a.records.Users(a.t.Context())
	must(a.t, err)
	now = map[string]int{}
	ever := map[string]string{}
	for _, u := range given {
		a.own(ever, fmt.Sprint("user ", u.UID), u.Tenant+" since "+u.Since.String())
		if u.Left.IsZero() {
			now[u.Tenant] = u.UID
		}
	}
	return now
}

func (a *account) users() {
	now := a.uidsNow()
	theirs := map[int]bool{}
	for _, uid := range now {
		theirs[uid] = true
	}
	a.world.users.mu.Lock()
	defer a.world.users.mu.Unlock()
	for _, inst := range a.all {
		a.unless(now[inst.Tenant] == inst.UID,
			"%s/%s is of user %d, and its tenant of %d", inst.Tenant, inst.Name, inst.UID, now[inst.Tenant])
		a.unless(a.world.users.owns[a.volume(inst)] == inst.UID,
			"the volume of %s is of user %d", inst.Name, a.world.users.owns[a.volume(inst)])
	}
	for uid := range a.world.users.let {
		a.unless(theirs[uid], "user %d of a tenant that is gone is let at the host", uid)
	}
}

func (a *account) pools() {
	pools, err := a.records.Pools(a.t.Context())
	must(a.t, err)
	host, err := a.records.Host(a.t.Context())
	must(a.t, err)
	paths := map[string]string{}
	for _, pool := range pools {
		paths[pool.Name] = pool.Path
		var sum uint64
		for _, inst := range a.all {
			if inst.Pool == pool.Name {
				sum += uint64(inst.Flavor.DiskGiB) << 30 // #nosec G115 -- a size of the test's
			}
		}
		a.unless(sum <= 100<<30 && sum <= pool.PromisedPeak,
			"%d GiB of 100 are promised, and %d GiB were the most", sum>>30, pool.PromisedPeak>>30)
	}
	a.boot.mu.Lock()
	defer a.boot.mu.Unlock()
	a.unless(maps.Equal(paths, a.boot.paths) || len(paths)+len(a.boot.paths) == 0,
		"pools are at %q, and %q is waited for", paths, a.boot.paths)
	a.unless(host.Pool == "" || paths[host.Pool] != "", "the host's pool is %q, and there is none", host.Pool)
	_, err = os.Stat(filepath.Join(a.path, "holm"))
	a.unless(len(pools) == 0 || err == nil, "the folder of the pool: %v", err)
	for _, inst := range a.all {
		a.unless(inst.Pool == "" || paths[inst.Pool] != "", "%s lies in pool %q, and there is none", inst.Name, inst.Pool)
	}
}

func (a *account) quotas() {
	tenants, err := a.records.Tenants(a.t.Context())
	must(a.t, err)
	keys, err := a.records.TenantKeys(a.t.Context())
	must(a.t, err)
	is, subnets, memory := map[string]model.Tenant{"default": {}}, map[string]string{}, 0
	for _, t := range tenants {
		is[t.Name] = t
		if t.Network != nil && t.Network.Subnet.IsValid() {
			for _, own := range []string{t.Network.Subnet.String(), model.Text(t.Network.Subnet6), t.Network.Bridge} {
				if own != "" {
					a.own(subnets, own, t.Name)
				}
			}
		}
	}
	host, err := a.records.Host(a.t.Context())
	must(a.t, err)
	if host.Subnet.IsValid() {
		a.own(subnets, host.Subnet.String(), "the host")
	}
	count, disk := map[string]int{}, map[string]int{}
	for _, inst := range a.all {
		count[inst.Tenant]++
		disk[inst.Tenant] += inst.Flavor.DiskGiB
		memory += inst.Flavor.MemoryMiB
		t, there := is[inst.Tenant]
		a.unless(there, "%s is of tenant %q, and there is none", inst.Name, inst.Tenant)
		in := a.network.Name
		if host.Network != "" {
			in = host.Network
		}
		if t.Network != nil && t.Network.Subnet.IsValid() {
			in += "." + t.Name
			a.unless(t.Network.Subnet.Contains(inst.Address), "%s has %s, and its tenant %s", inst.Name, inst.Address, t.Network.Subnet)
		}
		a.unless(inst.Network == in, "%s/%s is in network %s, and its tenant in %s", inst.Tenant, inst.Name, inst.Network, in)
		opens := func(k model.TenantKey) bool { return k.Tenant == inst.Tenant && k.Key.ID == inst.Key.By }
		a.unless(inst.Key != nil && slices.ContainsFunc(keys, opens),
			"no key opens the volume of %s/%s", inst.Tenant, inst.Name)
	}
	for name, t := range is {
		a.unless(t.Quota.Instances == 0 || count[name] <= t.Quota.Instances,
			"%s has %d of %d instances", name, count[name], t.Quota.Instances)
		a.unless(t.Quota.DiskGiB == 0 || disk[name] <= t.Quota.DiskGiB, "%s has %d of %d GiB", name, disk[name], t.Quota.DiskGiB)
	}
	a.unless(memory <= 3<<10, "%d MiB of memory are promised, of 3072", memory)
}

func (a *account) log() {
	if err := a.records.VerifyAudit(a.t.Context()); err != nil {
		a.unless(false, "the audit log: %v", err)
	}
	ops, err := a.records.Operations(a.t.Context(), "")
	must(a.t, err)
	for _, op := range ops {
		a.unless(op.Status != model.Running && op.Status != model.Stuck,
			"%s of %s/%s is %s: %s", op.Kind, op.Tenant, op.Name, op.Status, op.Error)
	}
}
