package records

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
	"holm/storage/keys"
)

var makeFixture = flag.String("fixture", "", "make a database of this version, NAME.db.gz, and say in NAME.json what is in it")

// TestMakeFixture is how the files in testdata/fixtures were made, each by the version whose schema it has; see README.md there.
func TestMakeFixture(t *testing.T) {
	name := cmp.Or(*makeFixture, filepath.Join(t.TempDir(), "fixture"))
	store := Open(filepath.Join(t.TempDir(), "holm.db"))
	live(t, store)
	if strings.HasSuffix(name, "archived") { // not in schema 1
		archive(t, store) // not in schema 1
	} // not in schema 1
	done(t, store.VerifyAudit(t.Context()))
	pack(t, store.path, name+".db.gz")
	done(t, os.WriteFile(name+".json", tell(t, store), 0o644))
}

// archive puts a base in the place of the first half of the log.
func archive(t *testing.T, store *Bolt) {
	t.Helper()
	entries, err := store.Audit(t.Context())
	done(t, err)
	last := entries[len(entries)/2]
	done(t, store.DropArchived(t.Context(), Mark{}, Mark{Seq: last.Seq, Head: last.Hash}, "audit-0001.jsonl"))
}

// pack leaves out free pages, in which there is whatever was there before, and the time of the packing.
func pack(t *testing.T, from, into string) {
	t.Helper()
	compact := filepath.Join(t.TempDir(), "compact.db")
	src, err := bolt.Open(from, 0o600, &bolt.Options{ReadOnly: true})
	done(t, err)
	dst, err := bolt.Open(compact, 0o600, &bolt.Options{PageSize: 4096})
	done(t, err)
	done(t, bolt.Compact(dst, src, 0))
	done(t, dst.Close())
	done(t, src.Close())
	content, err := os.Open(compact)
	done(t, err)
	out, err := os.OpenFile(into, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	done(t, err)
	z, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	done(t, err)
	_, err = io.Copy(z, content)
	done(t, err)
	done(t, z.Close())
	done(t, out.Close())
	done(t, content.Close())
}

// tell is all that is to be read in a store, as JSON.
func tell(t *testing.T, store *Bolt) []byte {
	t.Helper()
	var all struct {
		Host       model.Host         `json:"host"`
		Tenants    []model.Tenant     `json:"tenants"`
		Pools      []model.Pool       `json:"pools"`
		Flavors    []model.Flavor     `json:"flavors"`
		Users      []model.TenantUser `json:"users"`
		Keys       []model.TenantKey  `json:"tenant_keys"`
		List       []model.Summary    `json:"list"`
		Instances  []model.Instance   `json:"instances"`
		Operations []model.Operation  `json:"operations"`
		Audit      struct {
			Entries int            `json:"entries"`
			Head    string         `json:"head"`
			Kinds   map[string]int `json:"kinds"`
		} `json:"audit"`
	}
	ctx := t.Context()
	var errs [10]error
	all.Host, errs[0] = store.Host(ctx)
	all.Tenants, errs[1] = store.Tenants(ctx)
	all.Pools, errs[2] = store.Pools(ctx)
	all.Flavors, errs[3] = store.Flavors(ctx)
	all.Users, errs[4] = store.Users(ctx)
	all.Keys, errs[5] = store.TenantKeys(ctx)
	all.List, errs[6] = store.List(ctx, "")
	all.Instances, errs[7] = store.Instances(ctx)
	all.Operations, errs[8] = store.Operations(ctx, "")
	entries, err := store.Audit(ctx)
	done(t, errors.Join(append(errs[:], err)...))
	slices.SortFunc(all.Instances, func(a, b model.Instance) int { return strings.Compare(a.ID, b.ID) })
	all.Audit.Entries, all.Audit.Kinds = len(entries), map[string]int{}
	for _, e := range entries {
		all.Audit.Head = e.Hash
		all.Audit.Kinds[e.Kind]++
	}
	text, err := json.MarshalIndent(all, "", "\t")
	done(t, err)
	return append(text, '\n')
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// day is when the life of a fixture begins.
var day = time.Date(2026, 11, 2, 8, 0, 0, 250_000_000, time.UTC)

// life is what becomes of a host in some weeks: two tenants besides the default one and one that is gone, pools, sizes, keys, users,
// instances in every state, and what was done with them.
type life struct {
	t     *testing.T
	store *Bolt
	now   time.Time
	count int
}

func live(t *testing.T, store *Bolt) {
	t.Helper()
	l := &life{t: t, store: store, now: day}
	who := "uid 0, login 1000"
	store.now = func() time.Time { l.now = l.now.Add(1003 * time.Millisecond); return l.now }
	store.actor = func() string { return who }
	l.host()
	l.tenants()
	l.instances()
	who = "uid 0"
	l.days()
}

func none[T any]([]T) error { return nil }

func (l *life) host() {
	ctx := l.t.Context()
	_, err := l.store.SetHost(ctx, func(h *model.Host) error {
		h.LabMode, h.Site, h.Jurisdiction = true, "NO-OSL1", "NO"
		h.AddressPool, h.Users = netip.MustParsePrefix("10.201.0.0/16"), "2000000000-2000065535"
		return nil
	})
	done(l.t, err)
	done(l.t, l.store.AddPool(ctx, model.Pool{
		Name: "fast", Path: "/srv/fast", Backend: "qcow2", FSType: "xfs", FSUUID: "6f1c3a52-7f0e-4a4e-9b0a-2f60cbe40e11",
		Require: []string{"raid10", "ssd"}, Overcommit: 1.5, Health: model.PoolHealth{Status: model.PoolHealthy, Since: l.now}, Added: l.now,
	}, none))
	done(l.t, l.store.AddPool(ctx, model.Pool{
		Name: "thin", Path: "vg0/thin", Backend: "lvm-thin", Overcommit: 1, Site: "NO-SVG2", Jurisdiction: "NO",
		Health: model.PoolHealth{Status: model.PoolHealthy, Since: l.now}, Added: l.now,
	}, none))
	_, err = l.store.UpdatePool(ctx, "thin", func(p *model.Pool) error {
		p.Health = model.PoolHealth{Status: model.PoolDegraded, Why: "drive nvme2n1 is missing", Since: l.now, Told: true}
		p.UsedPeak = 7 << 30
		return nil
	})
	done(l.t, err)
	small := model.Flavor{Name: "small", VCPUs: 1, MemoryMiB: 1024, DiskGiB: 20, Limits: model.Limits{CPUWeight: 100, IOPS: 500, NetMbit: 200}}
	done(l.t, l.store.SetFlavor(ctx, small))
	done(l.t, l.store.SetFlavor(ctx, model.Flavor{Name: "huge", VCPUs: 16, MemoryMiB: 65536, DiskGiB: 900}))
	done(l.t, l.store.SetFlavor(ctx, model.Flavor{Name: "wrong", VCPUs: 1, MemoryMiB: 64, DiskGiB: 1}))
	done(l.t, l.store.DropFlavor(ctx, "wrong"))
	_, err = l.store.SetHost(ctx, func(h *model.Host) error {
		h.Pool, h.Network, h.Subnet = "fast", "holm-default", netip.MustParsePrefix("10.77.0.0/24")
		h.Metadata = "192.0.2.254,2001:db8:fe::/48"                                                             // not in schema 1
		h.MemoryReserveMiB, h.MemoryOvercommit = 2048, 1.25                                                     // not in schema 1
		h.Environment = model.Environment{Nameservers: []string{"192.0.2.53"}, Search: []string{"example.com"}} // not in schema 1
		return nil
	})
	done(l.t, err)
}

func (l *life) tenants() {
	ctx := l.t.Context()
	for i, tenant := range []model.Tenant{
		{
			Name: "acme", Quota: model.Resources{Instances: 10, CPUs: 20, MemoryMiB: 32768, DiskGiB: 400}, Residency: []string{"NO", "EEA"},
			AuthorizedKeys: []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0x acme"},
			Network:        &model.TenantNetwork{Subnet: netip.MustParsePrefix("10.201.0.0/24"), Subnet6: netip.MustParsePrefix("fd6f:686f:6c6d:1::/64"), Internal: true, Egress: "192.0.2.0/24,2001:db8::/32"},
		},
		{Name: "gone", Network: &model.TenantNetwork{Subnet: netip.MustParsePrefix("10.201.1.0/24")}},
		{Name: "zoo", Network: &model.TenantNetwork{Egress: "deny"}},
		{Name: "default", Quota: model.Resources{Instances: 3}},
	} {
		tenant.Created = l.now.UTC()
		done(l.t, l.store.AddTenant(ctx, tenant, none))
		_, err := l.store.TakeUser(ctx, tenant.Name, l.now, func([]model.TenantUser) (int, error) { return 2_000_000_000 + i, nil })
		done(l.t, err)
		done(l.t, l.store.AddTenantKey(ctx, model.TenantKey{Tenant: tenant.Name, Key: sealed("t"+tenant.Name, "host"), Made: l.now}, none))
	}
	done(l.t, l.store.DropTenant(ctx, "gone", none))
	_, err := l.store.UpdateTenant(ctx, "acme", func(tenant *model.Tenant, used model.Resources) error {
		tenant.Quota.Instances = 12 + used.Instances
		tenant.Network.Bridge = "holm-5b0f1c22"                                                                                  // not in schema 1
		tenant.Environment = model.Environment{Proxy: model.Proxy{HTTP: "http://192.0.2.80:3128", Not: []string{"example.com"}}} // not in schema 1
		return nil
	})
	done(l.t, err)
}

// sealed is a key as it is stored, of no use to anybody.
func sealed(id, by string) keys.Sealed {
	return keys.Sealed{ID: id, By: by, Box: []byte(strings.Repeat(id+by+"=", 60)[:60])}
}

const fixtureImage = "sha256:41be41be41be41be41be41be41be41be41be41be41be41be41be41be41be41be"

// instance is one as a create reserves it.
func (l *life) instance(tenant, name string) model.Instance {
	l.count++
	id := fmt.Sprintf("%012x", 0xa1b2c3d40000+l.count)
	key := sealed("v"+id, "t"+tenant)
	return model.Instance{
		ID: id, Name: name, Tenant: tenant, State: model.Creating, Profile: "plain",
		Flavor: model.Flavor{Name: "small", VCPUs: 1, MemoryMiB: 1024, DiskGiB: 20, Limits: model.Limits{CPUWeight: 100, IOPS: 500}},
		Image:  fixtureImage, ImageName: "debian-13", Key: &key, Pool: "fast",
		Accel: "kvm", Machine: "pc-q35-7.2", UUID: fmt.Sprintf("3c0f9a8e-0000-4000-8000-%s", id), Domain: "holm." + tenant + "." + name,
		UID: 2_000_000_000, Network: "holm-" + tenant, MAC: fmt.Sprintf("52:54:00:00:00:%02x", l.count),
		Address: netip.AddrFrom4([4]byte{10, 201, 0, byte(9 + l.count)}), Address6: netip.MustParseAddr(fmt.Sprintf("fd6f:686f:6c6d:1::%x", 9+l.count)),
		PrefixLen: 24, Gateway: netip.MustParseAddr("10.201.0.1"),
		User: "ops", AuthorizedKeys: []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBk9 ops"}, SeedAttached: true, Created: l.now.UTC(),
	}
}

// create makes one with the operation of its creation, which ends as told.
func (l *life) create(inst model.Instance, ends model.Status, why string, steps ...string) model.Instance {
	op := l.operation("create", inst)
	inst, err := l.store.Reserve(l.t.Context(), inst, op, func(_ []model.Instance, inst *model.Instance) error { return nil })
	done(l.t, err)
	l.run(op, ends, why, steps...)
	return inst
}

func (l *life) operation(kind string, inst model.Instance) model.Operation {
	l.now = l.now.Add(17 * time.Second)
	return model.Operation{
		ID: fmt.Sprintf("%016x-%04x", l.now.UnixNano(), 7*l.count), Kind: kind, Instance: inst.ID, Tenant: inst.Tenant, Name: inst.Name,
		Pool: inst.Pool, Actor: "uid 0, login 1000", // not in schema 1
		Status: model.Running, Started: l.now.UTC(),
	}
}

// run is what the step runner writes down of an operation.
func (l *life) run(op model.Operation, ends model.Status, why string, steps ...string) {
	ctx := l.t.Context()
	for i := range steps {
		op.Steps = steps[:i+1]
		done(l.t, l.store.PutOperation(ctx, op))
	}
	if op.Error, op.Status = why, ends; ends != model.Running {
		op.Ended = l.now.Add(41 * time.Second).UTC()
		done(l.t, l.store.PutOperation(ctx, op))
	}
}

func (l *life) change(inst model.Instance, alter func(*model.Instance)) model.Instance {
	l.now = l.now.Add(time.Minute)
	inst, err := l.store.Update(l.t.Context(), inst.ID, func(i *model.Instance) error { alter(i); return nil })
	done(l.t, err)
	return inst
}

// ready is what a first boot teaches.
func (l *life) ready(inst model.Instance) model.Instance {
	return l.change(inst, func(i *model.Instance) {
		i.State, i.SeedAttached, i.HostKey, i.MachineID = model.Ready, false, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1z", strings.Repeat("9f", 16)
		i.Kernel, i.BootID = "6.12.48+deb13-amd64", "0d9f1f9c-5d5c-4b3a-9f5e-"+i.ID
		i.ChecksPassed, i.ChecksTotal, i.CheckedAt = 31, 32, l.now.UTC()
		i.ReadyAt, i.ReadyAfter = l.now.UTC(), 47_250_000_000
	})
}

// instances makes them: ready, stopped, half made by a process that died, failed, half removed, gone.
func (l *life) instances() {
	ctx := l.t.Context()
	all := []string{"folder", "network", "volume", "seed", "define", "start"}
	web := l.instance("acme", "web")
	web.Profile, web.Nameservers = "docker", []string{"9.9.9.9", "2620:fe::fe"}
	web.APINames = []string{"api.example.com"} // not in schema 1
	web = l.ready(l.create(web, model.Done, "", all...))
	l.change(web, func(i *model.Instance) {
		i.Exposed = []model.Port{{Protocol: "tcp", Host: 8443, Guest: 443}, {Protocol: "udp", Host: 5353, Guest: 53}}
	})
	db := l.ready(l.create(l.instance("acme", "db"), model.Done, "", all...))
	l.run(l.operation("stop", db), model.Done, "", "stop")
	l.change(db, func(i *model.Instance) { i.State = model.Stopped })

	demo := l.instance("default", "demo")
	demo.Accel, demo.Key, demo.Pool, demo.UID, demo.Address6, demo.Network = "tcg", nil, "", 0, netip.Addr{}, "holm-default"
	demo.Address, demo.Gateway, demo.Unlocked = netip.MustParseAddr("10.77.0.10"), netip.MustParseAddr("10.77.0.1"), true
	demo = l.create(demo, model.Done, "", all...)
	l.change(l.ready(demo), func(i *model.Instance) {
		i.Unverified, i.ChecksPassed, i.ChecksTotal = true, 0, 0
		i.Previous = &model.ImageRef{Digest: "sha256:" + strings.Repeat("07", 32), Name: "debian-13", Unlocked: true}
		i.Undecided, i.Parked, i.Panics = 2, true, []time.Time{l.now.UTC()} // not in schema 1
	})

	l.create(l.instance("zoo", "half"), model.Running, "", all[:3]...)
	failed := l.create(l.instance("zoo", "sick"), model.Stuck, "start: no answer within 10m; not undone: volume: device is busy", all...)
	l.change(failed, func(i *model.Instance) { i.State, i.Failure = model.Failed, "no answer within 10m" })
	_, err := l.store.DestroyKey(ctx, failed.ID)
	done(l.t, err)
	leaving := l.ready(l.create(l.instance("zoo", "leaving"), model.Done, "", all...))
	l.change(leaving, func(i *model.Instance) {
		i.State, i.AllowDegraded, i.ResidencyOverride = model.Destroying, true, "moved by hand"
	})
	l.run(l.operation("destroy", leaving), model.Undoing, "", "stop", "undefine")

	was := l.ready(l.create(l.instance("acme", "was"), model.Done, "", all...))
	l.run(l.operation("destroy", was), model.Done, "", "stop", "undefine", "volume", "folder")
	done(l.t, l.store.Destroyed(ctx, was, "2 GiB overwritten"))
	done(l.t, l.store.Drop(ctx, was.ID))
}

// days is what happens later.
func (l *life) days() {
	ctx := l.t.Context()
	web, err := l.store.Instance(ctx, "acme", "web")
	done(l.t, err)
	op := l.operation("resize", web)
	_, err = l.store.Resize(ctx, web.ID, op, func(_ []model.Instance, inst *model.Instance) error {
		inst.Flavor.Name, inst.Flavor.MemoryMiB, inst.Flavor.DiskGiB = "medium", 2048, 40
		return nil
	})
	done(l.t, err)
	l.run(op, model.Undone, "grow: no space left", "grow", "define")
	_, err = l.store.RotateKey(ctx, "acme", func(key *model.TenantKey, own []model.Instance) error {
		key.Key, key.Made = sealed("tacme2", "host"), l.now
		for i := range own {
			box := sealed(own[i].Key.ID, "tacme2")
			own[i].Key = &box
		}
		return nil
	})
	done(l.t, err)
	for range 3 {
		l.run(l.operation("start", web), model.Done, "", "start")
		l.run(l.operation("stop", web), model.Done, "", "stop")
	}
	l.change(web, func(i *model.Instance) { i.State = model.Ready })
}
