//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// recorded is an instance as "holm show -o json" tells of it.
type recorded struct {
	ID, UUID, Name, Tenant, State, Domain, Network, MAC, Address, Address6, Image, Pool string
	UID                                                                                 int
	Flavor                                                                              struct {
		DiskGiB int `json:"disk_gib"`
	}
	Exposed []struct {
		Protocol    string
		Host, Guest int
	}
	Previous *struct{ Digest string } // a rebuild that was given up on
}

// of tells whether a kernel is that of the instance's image, or of the one before it, if it is not known yet which it will be.
func (r recorded) of(kernel string) bool {
	part := func(digest string) bool {
		return strings.Contains(kernel, "/"+strings.TrimPrefix(digest, "sha256:")+"/")
	}
	return part(r.Image) || r.Previous != nil && part(r.Previous.Digest)
}

// books are all that holm says of a host, as a script reads it.
type books struct {
	instances []recorded
	tenants   []struct {
		Name    string
		UID     int
		Quota   struct{ Instances int }
		Network *struct{ Subnet, Bridge string }
	}
	pools []struct{ Name, Path string }
	host  struct{ Network, Subnet, Pool string }
}

// read has holm print something, and reads it.
func (b *bustle) read(into any, args ...string) {
	b.t.Helper()
	o := holm(append(args, "-o", "json")...).in(b.dir).do(context.Background())
	if o.code != 0 {
		b.t.Fatalf("holm %s: exit %d\n%s", strings.Join(args, " "), o.code, tail(o.stderr))
	}
	if err := json.Unmarshal([]byte(o.stdout), into); err != nil {
		b.t.Fatalf("%v in %.300s", err, o.stdout)
	}
}

func (b *bustle) records() (all books) {
	b.t.Helper()
	var list struct {
		Instances []struct{ Name, Tenant string }
	}
	b.read(&list, "ls")
	for _, one := range list.Instances {
		var inst recorded
		b.read(&inst, "show", one.Name, "--tenant", one.Tenant)
		all.instances = append(all.instances, inst)
	}
	tenants := struct{ Tenants any }{&all.tenants}
	b.read(&tenants, "tenant", "ls")
	pools := struct{ Pools any }{&all.pools}
	b.read(&pools, "pool", "ls")
	b.read(&all.host, "host", "show")
	return all
}

// account is what somebody finds who compares the host with what holm says, and knows of holm only what a record means.
type account struct {
	*bustle
	books
	now   surveyed
	wrong []string
}

func (a *account) unless(ok bool, format string, args ...any) {
	if !ok {
		a.wrong = append(a.wrong, fmt.Sprintf(format, args...))
	}
}

// same notes what is there and ought not to be, and the other way round.
func (a *account) same(what string, there, ought []string) {
	for _, one := range there {
		a.unless(slices.Contains(ought, one), "%s %s is nobody's", what, one)
	}
	for _, one := range ought {
		a.unless(slices.Contains(there, one), "%s %s is not there", what, one)
	}
}

// oracle says what is wrong once nobody is at work any more.
func (b *bustle) oracle() []string {
	b.t.Helper()
	a := &account{bustle: b, books: b.records(), now: surveyHost(b.t, b.dir)}
	a.owners()
	a.machines()
	a.networks()
	a.volumes()
	if o := holm("audit", "verify").in(b.dir).do(context.Background()); o.code != 0 {
		a.unless(false, "the audit log is not whole: %s", o.stderr)
	}
	return a.wrong
}

// owners: nothing is two people's, and all is somebody's.
func (a *account) owners() {
	had := map[string]string{}
	own := func(what, whose string) {
		other, taken := had[what]
		a.unless(what == "" || !taken || other == whose, "%s is %s's and %s's", what, other, whose)
		had[what] = whose
	}
	is, count := map[string]int{}, map[string]int{}
	for _, tenant := range a.tenants {
		is[tenant.Name] = tenant.UID
		if tenant.UID != 0 {
			own(fmt.Sprint("user ", tenant.UID), tenant.Name)
		}
		if tenant.Network != nil {
			own(tenant.Network.Subnet, tenant.Name)
			own(tenant.Network.Bridge, tenant.Name)
		}
	}
	pools := []string{""}
	for _, pool := range a.pools {
		pools = append(pools, pool.Name)
	}
	a.unless(slices.Contains(pools, a.host.Pool), "the host's pool is %q, and there is none", a.host.Pool)
	for _, inst := range a.instances {
		for _, what := range []string{inst.ID, inst.UUID, inst.MAC, inst.Address, inst.Address6, inst.Domain} {
			own(what, inst.ID)
		}
		for _, port := range inst.Exposed {
			own(fmt.Sprintf("port %d/%s", port.Host, port.Protocol), inst.ID)
		}
		uid, there := is[inst.Tenant]
		a.unless(there && uid == inst.UID, "%s is of user %d, and its tenant %q (%v) of %d", inst.Domain, inst.UID, inst.Tenant, there, uid)
		a.unless(slices.Contains(pools, inst.Pool), "%s lies in pool %q, and there is none", inst.Domain, inst.Pool)
		a.unless(slices.Contains(a.now.images, inst.Image), "the image of %s is gone", inst.Domain)
		a.unless(inst.Previous == nil || slices.Contains(a.now.images, inst.Previous.Digest), "the image that %s could return to is gone", inst.Domain)
		count[inst.Tenant]++
	}
	for _, tenant := range a.tenants {
		a.unless(tenant.Quota.Instances == 0 || count[tenant.Name] <= tenant.Quota.Instances,
			"%s has %d of %d instances", tenant.Name, count[tenant.Name], tenant.Quota.Instances)
	}
}

// path is where the volume of an instance lies.
func (a *account) path(inst recorded) string {
	if inst.Pool != "" {
		return filepath.Join(a.pool, "holm", inst.ID+".qcow2")
	}
	return filepath.Join(a.dir, "instances", inst.ID, "state.qcow2")
}

// volumes: each is its instance's, of the size on record, and only its own key opens it.
func (a *account) volumes() {
	var ought, folders []string
	for _, inst := range a.instances {
		path := a.path(inst)
		ought, folders = append(ought, path), append(folders, filepath.Join(a.dir, "instances", inst.ID))
		v, err := lookAtVolume(path)
		if err != nil {
			a.unless(false, "the volume of %s: %v", inst.Domain, err)
			continue
		}
		a.unless(v.gib == inst.Flavor.DiskGiB, "the volume of %s has %d GiB, and %d on record", inst.Domain, v.gib, inst.Flavor.DiskGiB)
		a.unless(v.uid == inst.UID, "the volume of %s is of user %d, and not of %d", inst.Domain, v.uid, inst.UID)
		a.unless(v.slots == 1, "%d keys open the volume of %s", v.slots, inst.Domain)
	}
	a.same("volume", a.now.volumes(a.pool), ought)
	a.same("folder", a.now.folders, folders)
}
